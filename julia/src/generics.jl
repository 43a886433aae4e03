# `fit`, `predict` and `score` are the functions of StatsAPI where the environment has it, which it
# has wherever StatsBase, MLJ or GLM are: `using StatsBase, LAOT` then leaves no name ambiguous.
# Without it they are our own, and the package needs nothing.

const STATS_API = Base.PkgId(Base.UUID("82ae8749-77ed-4fe6-ae5f-f523153014b0"), "StatsAPI")

# A precompiled file is of one environment: it is made again when the manifest changes.
for project in Base.load_path(), name in ("JuliaManifest.toml", "Manifest.toml")
    manifest = joinpath(isdir(project) ? project : dirname(project), name)
    isfile(manifest) && include_dependency(manifest)
end

const HAS_STATS_API = Base.locate_package(STATS_API) !== nothing

@static if HAS_STATS_API
    const StatsAPI = Base.require(STATS_API)
    import .StatsAPI: fit, predict, score
else
    function fit end
    function predict end
    function score end
end

# The cache of compiled files knows environments by no more than their manifests' dates, so that it
# may give one without StatsAPI to an environment that has it.
function __init__()
    (HAS_STATS_API || Base.locate_package(STATS_API) === nothing) && return nothing
    cache = joinpath(first(DEPOT_PATH), "compiled", "v$(VERSION.major).$(VERSION.minor)", "LAOT")
    @warn "LAOT was compiled in an environment without StatsAPI, and this one has it: fit, predict and score " *
          "are not StatsAPI's. Remove $cache and start Julia again."
end
