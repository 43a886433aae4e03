# Finding and opening liblaot. It is opened at the first call, not when the package is loaded.

const handle = Ref{Ptr{Cvoid}}(C_NULL)
const handle_lock = ReentrantLock()

"Where `liblaot` is looked for, in order."
function library_candidates()
    named = get(ENV, "LAOT_LIBRARY", "")
    isempty(named) || return [named]
    file = "liblaot.$(Libdl.dlext)"
    package = dirname(@__DIR__)
    built = [joinpath(package, "deps", "build"),
             [joinpath(dirname(package), "build", name) for name in ("release", "dev")]...]
    return [filter(isfile, joinpath.(built, file)); "liblaot"; "liblaot.$(Libdl.dlext).$LAOT_ABI_VERSION"]
end

function open_library()
    candidates = library_candidates()
    opened = C_NULL
    for name in candidates
        opened = Libdl.dlopen(name; throw_error = false)
        opened === nothing || break
        opened = C_NULL
    end
    opened == C_NULL && error("liblaot was not found (looked for ", join(candidates, ", "),
        "): set LAOT_LIBRARY to the path of the shared library, or run Pkg.build(\"LAOT\")")
    abi = ccall(Libdl.dlsym(opened, :laot_abi_version), Cint, ())
    abi == LAOT_ABI_VERSION || error("liblaot has binary interface $abi, this package needs ",
        LAOT_ABI_VERSION, "; update the older of the two")
    return opened
end

function library()
    handle[] == C_NULL || return handle[]
    lock(handle_lock) do
        handle[] == C_NULL && (handle[] = open_library())
    end
    return handle[]
end

function symbol(place::Ref{Ptr{Cvoid}}, name::Symbol)
    place[] == C_NULL && (place[] = Libdl.dlsym(library(), name))
    return place[]
end

"A count for C, to which a negative one would be huge."
counted(count, name::String) = count
counted(count::Signed, name::String) = count >= 0 ? count :
    throw(ArgumentError("$name must be a whole number of at least 0, found $count"))

"The address of a function of the library; each place that asks looks it up once."
macro symbol(name)
    return :(symbol($(Ref{Ptr{Cvoid}}(C_NULL)), $(QuoteNode(name))))
end
