# Methods and their parameters, as the library lists them: nothing is written twice.

function described(describe, info, indices...)
    out = Ref(info)
    check(describe(indices..., out))
    return out[]
end

method_infos() = [described(laot_method_describe, laot_method_info(), i) for i in 0:laot_method_count()-1]

"""
    available_methods() -> Vector{NamedTuple}

Every method of the loaded library: `name`, `label` (its name in papers), `title`, `source` (the paper), and
what it is: `affine`
(its prediction is `W x + b`, about which that of `laot` may bend), `trains` (a training of a network,
with checkpoints), `batch` (it takes levels of a batch), `many_conditions` (it learns all conditions
of an experiment together), `trivial` (one of those that every score is shown beside), `pairs` (it has
a `pairing`), `raw_space` (it takes the cells as they are), and `fewest_cells`: with fewer of either side
a fit is the mean shift; of many conditions a training refuses, and the others warn.
"""
available_methods() = [(name = unsafe_string(m.name), label = unsafe_string(laot_method_label(i - 1)),
                        title = unsafe_string(m.title),
                        source = unsafe_string(m.source), affine = m.affine != 0,
                        trains = m.trains != 0, batch = m.uses_batch != 0,
                        many_conditions = m.many_conditions != 0, trivial = m.trivial != 0,
                        pairs = m.pairs != 0, raw_space = m.raw_space != 0,
                        fewest_cells = Int(m.fewest_cells)) for (i, m) in enumerate(method_infos())]

function method_index(name)
    infos = method_infos()
    found = findfirst(m -> unsafe_string(m.name) == name, infos)
    found === nothing && throw(ArgumentError("there is no method \"$name\"; there are " *
        join((unsafe_string(m.name) for m in infos), ", ")))
    return found - 1, infos[found]
end

const PARAMETER_TYPES = Dict(LAOT_NUMBER => :number, LAOT_INTEGER => :integer, LAOT_FLAG => :flag,
                             LAOT_CHOICE => :choice)

"""
    method_parameters(method) -> Vector{NamedTuple}

Name, type, default, range, words, documentation and source of each parameter of a method
("laot", "identity", ...).
"""
function method_parameters(method::AbstractString)
    index, info = method_index(method)
    rows = [described(laot_param_describe, laot_param_info(), index, p) for p in 0:info.param_count-1]
    return [(name = unsafe_string(r.name), type = get(PARAMETER_TYPES, r.type, :unknown),
             default = unsafe_string(r.default_text), minimum = r.minimum, maximum = r.maximum,
             words = filter(!isempty, String.(strip.(split(unsafe_string(r.words), ',')))),
             doc = unsafe_string(r.doc), source = unsafe_string(r.source)) for r in rows]
end

"""
    method_presets(method) -> Vector{NamedTuple}

Name and documentation of each preset of a method.
"""
function method_presets(method::AbstractString)
    index, info = method_index(method)
    rows = [described(laot_preset_describe, laot_preset_info(), index, p) for p in 0:info.preset_count-1]
    return [(name = unsafe_string(r.name), doc = unsafe_string(r.doc)) for r in rows]
end

"""
    usual_settings() -> Vector{NamedTuple}

What calls are usually asked with, beside the parameters of methods: `call` (the function of the C
interface), `name`, `usual` (a number, a vector of numbers, or names), `doc`. The keywords of
`evaluate_predictions`, `stability`, `recovery_curve`, `recovery_study` and others have these values by
default, the same in every language.
"""
usual_settings() = [(call = unsafe_string(s.call), name = unsafe_string(s.name), usual = usual_value(s),
                     doc = unsafe_string(s.doc))
                    for s in (described(laot_setting_describe, laot_setting_info(), i) for i in 0:laot_setting_count()-1)]

function usual_value(setting)
    parts = String.(split(unsafe_string(setting.usual_text), ", "))
    values = setting.type == LAOT_INTEGER ? parse.(Int, parts) : setting.type == LAOT_NUMBER ? parse.(Float64, parts) : parts
    return setting.list != 0 ? values : only(values)
end

usual(call, name) = only(s.usual for s in usual_settings() if s.call == "laot_$call" && s.name == name)

"""
    ResponseModel(method; preset = nothing, parameters...)

What is to be fitted: a method by its name, a preset (`nothing`: the first of
`method_presets(method)`), and parameters that differ from it. Unknown
names and values out of range are refused here, not at the fit. `method_parameters(method)` lists
the parameters.
"""
struct ResponseModel
    method::String
    preset::Union{Nothing,String}
    parameters::Vector{Pair{String,Any}}
    function ResponseModel(method::AbstractString; preset = nothing, parameters...)
        model = new(method, preset === nothing ? nothing : String(preset),
                    Pair{String,Any}[String(name) => value for (name, value) in parameters])
        with_params(identity, model)
        return model
    end
end

"""
    LAOTModel(; preset = nothing, parameters...)

Linear alternating optimal transport: exact transport and a linear map, in turn. The default preset,
"adaptive", lets the map bend and restores the features' distributions where that predicts held-out
cells better (`report(fitted)["choice_reason"]`); "calibrated" is always one matrix.
"""
LAOTModel(; parameters...) = ResponseModel("laot"; parameters...)

"Two input-convex networks, min-max (Bunne et al. 2023); `preset = \"compact\"` has 3 x 32 hidden units."
CellOTModel(; parameters...) = ResponseModel("cellot"; parameters...)

"A variational autoencoder with a latent shift (Lotfollahi et al. 2019)."
ScGenModel(; parameters...) = ResponseModel("scgen"; parameters...)

"An autoencoder conditioned on the label (Lopez et al. 2018, as CellOT's baseline)."
CondAEModel(; parameters...) = ResponseModel("cae"; parameters...)

"Predicts that nothing changes."
IdentityModel(; parameters...) = ResponseModel("identity"; parameters...)

"Moves every cell by the difference of the means."
MeanShiftModel(; parameters...) = ResponseModel("mean_shift"; parameters...)

"The optimal map between two Gaussians with the populations' means and covariances."
GaussianMapModel(; parameters...) = ResponseModel("gaussian_map"; parameters...)

"""
    model_parameters(model) -> Dict{String,String}

The value of every parameter with which a `ResponseModel` will be fitted, defaults included; of a
`FittedModel`, with which it was.
"""
model_parameters(model::ResponseModel) = with_params(model) do params
    Dict(row.name => text((b, s, n) -> laot_params_get_text(params, row.name, b, s, n))
         for row in method_parameters(model.method))
end

function Base.show(io::IO, model::ResponseModel)
    print(io, "ResponseModel(\"", model.method, "\"")
    settings = Pair{String,Any}[model.parameters...]
    model.preset === nothing || pushfirst!(settings, "preset" => model.preset)
    isempty(settings) || print(io, "; ", join(("$name = $(repr(value))" for (name, value) in settings), ", "))
    print(io, ")")
end

set_parameter(params, name, value::Bool) = check(laot_params_set_text(params, name, string(value)))
set_parameter(params, name, value::Real) = check(laot_params_set_number(params, name, value))
set_parameter(params, name, value::Union{AbstractString,Symbol}) =
    check(laot_params_set_text(params, name, String(value)))
set_parameter(params, name, value) =
    throw(ArgumentError("parameter $name must be a number, a text or a flag, found $(typeof(value))"))

function with_params(f, model::ResponseModel)
    out = Ref{Ptr{Cvoid}}(C_NULL)
    check(laot_params_new(model.method, out))
    try
        model.preset === nothing || check(laot_params_use_preset(out[], model.preset))
        foreach(((name, value),) -> set_parameter(out[], name, value), model.parameters)
        return f(out[])
    finally
        laot_params_free(out[])
    end
end
