# Beside packages that share names with this one. Pkg's registry is not needed: stand-ins of a few lines
# have their names and numbers.
function environment_with_standins(folder)
    numbers = Dict("StatsAPI" => "82ae8749-77ed-4fe6-ae5f-f523153014b0",
                   "StatsBase" => "2913bbd2-ae8a-5f71-8c99-4fb6c76f3a91",
                   "Tables" => "bd369af6-aec1-5ad0-b16a-f7cc5008161c",
                   "LAOT" => "4d0c6c5c-6a86-4c55-9a0b-5f7d0f2c7e11")
    direct = ("StatsBase", "Tables", "LAOT")
    write(joinpath(folder, "Project.toml"),
          "[deps]\n" * join("$name = \"$(numbers[name])\"\n" for name in direct))
    needs = Dict("StatsBase" => ["StatsAPI"], "LAOT" => ["Libdl", "Serialization", "SparseArrays"])
    standard = Dict("Libdl" => "8f399da3-3557-5675-b5ff-fb832c97cbdb",
                    "Serialization" => "9e88b42a-f829-5b0c-bbe9-9e923198166b",
                    "SparseArrays" => "2f01184e-e22b-5df5-ae63-d93ebab69eaf",
                    "LinearAlgebra" => "37e2e46d-f89d-539d-b4ee-838fcccc9c8e",
                    "Random" => "9a3f8284-a2c9-5f02-9a11-845980a1fd5c")
    open(joinpath(folder, "Manifest.toml"), "w") do out
        for (name, number) in numbers
            path = name == "LAOT" ? dirname(@__DIR__) : joinpath(@__DIR__, "standins", name)
            println(out, "[[$name]]\npath = $(repr(path))\nuuid = \"$number\"\nversion = \"1.0.0\"")
            haskey(needs, name) && println(out, "deps = [", join(repr.(needs[name]), ", "), "]")
            println(out)
        end
        for (name, number) in standard
            println(out, "[[$name]]\nuuid = \"$number\"")
            name == "SparseArrays" && println(out, "deps = [\"LinearAlgebra\", \"Random\"]")
            name == "LinearAlgebra" && println(out, "deps = [\"Libdl\"]")
            name == "Random" && println(out, "deps = [\"Serialization\"]")
            println(out)
        end
    end
end

@testset "beside StatsBase and Tables" begin
    # The manifest's form of before Julia 1.7, which later ones read too.
    folder = mktempdir()
    environment_with_standins(folder)
    script = joinpath(@__DIR__, "standins", "with_others.jl")
    command = `$(Base.julia_cmd()) --startup-file=no --project=$folder $script`
    # A depot of its own: what the tests compiled is of an environment without StatsAPI.
    depot = joinpath(folder, "depot")
    output = withenv("JULIA_LOAD_PATH" => nothing, "JULIA_DEPOT_PATH" => depot) do
        read(pipeline(ignorestatus(command); stderr = stdout), String)
    end
    @test occursin("LAOT goes with StatsBase and Tables", output)
    occursin("LAOT goes with", output) || print(output)
end
