# Run by runtests.jl in an environment that has StatsAPI, StatsBase and Tables (stand-ins for them).
using StatsBase, LAOT
using Tables
include(joinpath(@__DIR__, "..", "..", "ext", "LAOTTablesExt.jl"))

control, treated = [sin(k * i) for k in 1:3, i in 1:40], [1 + cos(k + i) for k in 1:3, i in 1:30]
fitted = fit(LAOTModel(), control, treated)  # no name is ambiguous
predicted = predict(fitted, control)
size(predicted) == (3, 40) || error("the prediction has another size")
fit(StatsBase.Histogram, [1, 2, 3]) == 3 || error("StatsBase's own methods are gone")
score("r2_means", predicted, treated).value isa Float64 || error("no score")
LAOT.fit === StatsBase.fit || error("fit is not StatsAPI's")

# Tables have cells in rows and features in columns.
table(x) = (a = x[1, :], b = x[2, :], c = x[3, :])
from_tables = fit(LAOTModel(), table(control), table(treated))
predict(from_tables, table(control)) == predicted || error("a table is not its matrix")
feature_names(from_tables) == ["a", "b", "c"] || error("the names of the columns are lost")
scores = evaluate_predictions(fitted, treated; control = control)
Tables.istable(scores) && Tables.columns(scores).value == scores.value || error("scores are no table")
println("LAOT goes with StatsBase and Tables")
