# Codes become exceptions; the two-call protocol becomes strings.

"""
    LAOTError(code, status, message, place)

A call that failed: the number and name of its status (`:invalid_argument`, `:not_finite`, ...) and
one sentence that names the argument and what was found. `place` is `nothing` or, of a bad value,
`(argument, feature, cell, value)`, counted from 1.
"""
struct LAOTError <: Exception
    code::Int
    status::Symbol
    message::String
    place::Union{Nothing,@NamedTuple{argument::String,feature::Int,cell::Int,value::Float64}}
end
Base.showerror(io::IO, e::LAOTError) = print(io, "LAOTError (", e.status, "): ", e.message)

status_error(code) = LAOTError(code, Symbol(unsafe_string(laot_status_name(code))),
                               unsafe_string(laot_last_error()), last_place())

function last_place()
    feature, cell, value = Ref{Csize_t}(0), Ref{Csize_t}(0), Ref{Cdouble}(0)
    argument = unsafe_string(laot_last_error_place(feature, cell, value))
    isempty(argument) && return nothing
    return (argument = argument, feature = Int(feature[]) + 1, cell = Int(cell[]) + 1, value = value[])
end

check(code::Cint) = code == LAOT_OK ? nothing : throw(status_error(code))

# call(buffer, size, needed) twice: for the size, then for the bytes.
function two_calls(call)
    needed = Ref{Csize_t}(0)
    check(call(Ptr{UInt8}(C_NULL), 0, needed))
    bytes = Vector{UInt8}(undef, needed[])
    check(call(bytes, length(bytes), needed))
    return bytes
end

text(call) = (bytes = two_calls(call); String(bytes[1:end-1]))
text_lines(call) = (all = text(call); isempty(all) ? String[] : String.(split(all, '\n')))

"""
    capabilities() -> Dict{String,String}

What the loaded library is: version, binary interface, BLAS, memory. For bug reports.
"""
function capabilities()
    rows = split.(text_lines((b, s, n) -> laot_capabilities(b, s, n)), '='; limit = 2)
    return Dict(String(row[1]) => String(row[2]) for row in rows)
end
