# The coupling of a fit as a result: which control cells go with which treated ones.

"""
    pairing(fitted) -> SparseMatrixCSC

The last coupling of a LAOT fit: control × treated training cells, masses that sum to 1. Whether single
pairs can be trusted is what `trackability` answers.
"""
function pairing(fitted::FittedModel)
    number(name) = Int.(vec(array(fitted, name))) .+ 1
    return sparse(number("plan_source"), number("plan_target"), vec(array(fitted, "plan_mass")),
                  Int(report_number(fitted, "n_control")), Int(report_number(fitted, "n_treated")))
end

"""
    transitions(fitted, from, to) -> (from, to, mass, share, expected)

Which group goes where: `from` and `to` have a label for each training control and treated cell. One row
for each pair of groups; `share` is of the mass of the group that it comes from, `expected` the mass if
groups did not matter.
"""
function transitions(fitted::FittedModel, from, to)
    a, b = texts(from), texts(to)
    return table(out -> laot_transitions(fitted, a, length(a), b, length(b), out))
end

"""
    descendants(fitted, cells) -> (cell, name, mass)
    ancestors(fitted, cells) -> (cell, name, mass)

The treated cells that the chosen control cells go to, or the control cells that the chosen treated cells
come from, with their mass (sums to 1), the largest first. Cells count from 1.
"""
descendants(fitted::FittedModel, cells) = partners(fitted, "descendants", cells)
ancestors(fitted::FittedModel, cells) = partners(fitted, "ancestors", cells)

function partners(fitted, direction, cells)
    chosen = Csize_t[cell - 1 for cell in cells]
    found = table(out -> laot_partners(fitted, direction, chosen, length(chosen), out))
    return (cell = Int.(found.cell) .+ 1, name = found.name, mass = found.mass)
end
