#include "laot/models.hpp"
#include "method_conditional.hpp"
#include "method_laot.hpp"
#include "method_networks.hpp"
#include "method_trivial.hpp"

namespace laot {

const std::vector<Method>& methods() {
  static const std::vector<Method> all = {laot_method(),
                                          cellot_method(),
                                          scgen_method(),
                                          cae_method(),
                                          identity_method(),
                                          mean_shift_method(),
                                          gaussian_map_method(),
                                          conditional_laot_method(),
                                          conditional_gaussian_method(),
                                          regressed_shift_method(),
                                          nearest_shift_method(),
                                          cmonge_method(),
                                          cpa_method()};
  return all;
}

const Method& method(const std::string& name) {
  std::vector<std::string> names;
  for (const Method& candidate : methods()) {
    if (candidate.spec.name == name) return candidate;
    names.push_back(candidate.spec.name);
  }
  const std::string near = nearest_name(name, names);
  fail(Status::unknown_name, "there is no method \"", name, "\"; ",
       near.empty() ? "there are " + joined(names) : "did you mean \"" + near + "\"?");
}

std::vector<const Method*> trivial_methods(bool many_conditions) {
  std::vector<const Method*> out;
  for (const Method& candidate : methods()) {
    const Traits& traits = candidate.spec.traits;
    if (traits.trivial && traits.many_conditions == many_conditions) out.push_back(&candidate);
  }
  return out;
}

Nonnegative nonnegative_from(const std::string& name) {
  if (name == "no") return Nonnegative::no;
  if (name == "clip") return Nonnegative::clip;
  if (name == "marginals") return Nonnegative::marginals;
  fail(Status::unknown_name, "nonnegative must be one of no, clip, marginals, found \"", name,
       "\"");
}

}  // namespace laot
