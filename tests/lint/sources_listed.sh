# cmake/sources.cmake lists every source of the core and of the C interface, and nothing else.
listed() { grep -oE '(src|capi)/[A-Za-z0-9_/]+\.cpp' cmake/sources.cmake | sort; }
present() { find src capi -name '*.cpp' | sort; }
diff <(listed) <(present) || { echo "cmake/sources.cmake (<) and the folders (>) differ"; exit 1; }
