# As much of Tables as a test needs: named tuples of vectors are tables.
module Tables

istable(x) = istable(typeof(x))
istable(type::Type) = type <: NamedTuple
columnaccess(type::Type) = type <: NamedTuple
columns(x) = x
columnnames(x) = keys(x)
matrix(x) = hcat(values(x)...)

end
