#include <map>

#include "handles.hpp"

using laot::Status;
using laot::capi::copy_out;
using laot::capi::fill;
using laot::capi::free_handle;
using laot::capi::given;
using laot::capi::given_text;
using laot::capi::guarded;
using laot::capi::hand_out;

namespace {

const laot::Method& method_at(size_t index) {
  laot::require(index < laot::methods().size(), Status::invalid_argument, "method must be below ",
                laot::methods().size(), ", found ", index);
  return laot::methods()[index];
}

// Texts that are put together here live as long as the library.
const char* kept_text(const std::string& value) {
  static std::map<std::string, int> all = [] {
    std::map<std::string, int> texts;
    for (const laot::Method& method : laot::methods())
      for (const laot::ParamSpec& spec : method.spec.params) {
        texts[laot::Params(method.spec).text_of(spec.name)];
        texts[laot::joined(spec.words)];
      }
    return texts;
  }();
  const auto found = all.find(value);
  laot::require(found != all.end(), Status::internal_error, "a text of the registry is missing");
  return found->first.c_str();
}

}  // namespace

extern "C" {

size_t laot_method_count(void) {
  size_t count = 0;
  (void)guarded([&] { count = laot::methods().size(); });
  return count;
}

laot_status laot_method_describe(size_t method, laot_method_info* info) {
  return guarded([&] {
    const laot::MethodSpec& spec = method_at(method).spec;
    const laot::Traits& is = spec.traits;
    fill(info, laot_method_info{0, spec.name.c_str(), spec.title.c_str(), spec.source.c_str(),
                                spec.params.size(), spec.presets.size(), is.affine, is.dense_map,
                                is.trains, is.uses_batch, is.many_conditions, is.trivial, is.pairs,
                                is.raw_space, is.fewest_cells});
  });
}

const char* laot_method_label(size_t method) {
  return method < laot::methods().size() ? laot::methods()[method].spec.label.c_str() : "";
}

laot_status laot_param_describe(size_t method, size_t param, laot_param_info* info) {
  return guarded([&] {
    const laot::MethodSpec& spec = method_at(method).spec;
    laot::require(param < spec.params.size(), Status::invalid_argument, "param must be below ",
                  spec.params.size(), " for method ", spec.name, ", found ", param);
    const laot::ParamSpec& row = spec.params[param];
    fill(info,
         laot_param_info{0, row.name.c_str(), static_cast<int>(row.type),
                         kept_text(laot::Params(spec).text_of(row.name)), row.minimum, row.maximum,
                         kept_text(laot::joined(row.words)), row.doc.c_str(), row.source.c_str()});
  });
}

laot_status laot_preset_describe(size_t method, size_t preset, laot_preset_info* info) {
  return guarded([&] {
    const laot::MethodSpec& spec = method_at(method).spec;
    laot::require(preset < spec.presets.size(), Status::invalid_argument, "preset must be below ",
                  spec.presets.size(), " for method ", spec.name, ", found ", preset);
    const laot::Preset& row = spec.presets[preset];
    fill(info, laot_preset_info{0, row.name.c_str(), row.doc.c_str()});
  });
}

laot_status laot_params_new(const char* method, laot_params** out) {
  return guarded([&] {
    given(out, "out");
    const laot::MethodSpec& spec = laot::method(given_text(method, "method")).spec;
    hand_out(std::unique_ptr<laot_params>(new laot_params{laot::Params(spec)}), out);
  });
}

void laot_params_free(laot_params* params) {
  free_handle(params, "params");
}

laot_status laot_params_use_preset(laot_params* params, const char* preset) {
  return guarded([&] { given(params, "params").params.use_preset(given_text(preset, "preset")); });
}

laot_status laot_params_set_number(laot_params* params, const char* name, double value) {
  return guarded([&] { given(params, "params").params.set(given_text(name, "name"), value); });
}

laot_status laot_params_set_text(laot_params* params, const char* name, const char* value) {
  return guarded([&] {
    given(params, "params").params.set_text(given_text(name, "name"), given_text(value, "value"));
  });
}

laot_status laot_params_get_text(const laot_params* params, const char* name, char* buffer,
                                 size_t size, size_t* needed) {
  return guarded([&] {
    copy_out(given(params, "params").params.text_of(given_text(name, "name")), buffer, size,
             needed);
  });
}

}  // extern "C"
