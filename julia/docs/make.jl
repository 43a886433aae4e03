# julia --project=julia/docs julia/docs/make.jl, after Pkg.develop(path = "julia"): the pages in
# julia/docs/build.
using Documenter
using LAOT

makedocs(; sitename = "LAOT.jl", modules = [LAOT], pages = ["Home" => "index.md"],
         checkdocs = :exports, remotes = nothing)
