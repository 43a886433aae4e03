# As StatsBase does, it exports the functions of StatsAPI.
module StatsBase

import StatsAPI: fit, predict, score
export fit, predict, score

struct Histogram end
fit(::Type{Histogram}, values) = length(values)

end
