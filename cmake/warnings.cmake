# Warnings are errors in our own code, for compilers that have these options.
function(laot_strict_warnings target)
  if(MSVC)
    return()
  endif()
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror)
endfunction()

function(laot_strict_c_warnings target)
  if(MSVC)
    return()
  endif()
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes
    -Wold-style-definition -Werror)
endfunction()
