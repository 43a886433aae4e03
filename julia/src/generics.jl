# `fit`, `predict` and `score` are the functions of StatsAPI where the environment has it, which it
# has wherever StatsBase, MLJ or GLM are: `using StatsBase, LAOT` then leaves no name ambiguous.
# Without it they are our own, and the package needs nothing.

const STATS_API = Base.PkgId(Base.UUID("82ae8749-77ed-4fe6-ae5f-f523153014b0"), "StatsAPI")

# A precompiled file is of one environment: it is made again when the manifest changes.
for project in Base.load_path(), name in ("JuliaManifest.toml", "Manifest.toml")
    manifest = joinpath(isdir(project) ? project : dirname(project), name)
    isfile(manifest) && include_dependency(manifest)
end

@static if Base.locate_package(STATS_API) !== nothing
    const StatsAPI = Base.require(STATS_API)
    import .StatsAPI: fit, predict, score
else
    function fit end
    function predict end
    function score end
end
