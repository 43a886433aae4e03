// The objects behind the opaque handles, and the guard that every entry runs in.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "laot.h"
#include "laot/models.hpp"
#include "laot/table.hpp"
#include "laot/trackability/findings.hpp"
#include "live_handles.hpp"

struct laot_context {
  int threads = 1;
  std::uint64_t seed = 1;
  laot_cancel_fn cancel = nullptr;
  void* cancel_payload = nullptr;
  laot_progress_fn progress = nullptr;
  void* progress_payload = nullptr;
  laot_log_fn log = nullptr;
  void* log_payload = nullptr;
  std::string checkpoint;
  double checkpoint_seconds = 30.0;
  std::atomic<bool> in_use{false};  // a call works with it
};

struct laot_data {
  laot::Cells cells, whole;  // whole: before anything was selected
  std::vector<std::string> batch, groups, feature_names, cell_names;
};

struct laot_experiment {
  laot::Experiment experiment;
};

struct laot_params {
  laot::Params params;
};

struct laot_model {
  laot::Model model;
};

struct laot_findings : laot::Findings {};

struct laot_table {
  laot::Table table;
};

namespace laot::capi {

/// Keeps the sentence for laot_last_error and gives back the code.
laot_status remember(Status status, const char* message) noexcept;
laot_status remember_current_exception() noexcept;

/// Runs `body` so that nothing but a code crosses the border.
template <class Body>
laot_status guarded(Body body) noexcept {
  try {
    body();
    return LAOT_OK;
  } catch (...) {
    return remember_current_exception();
  }
}

/// Name of a handle in messages; nullptr for other types.
template <class T>
constexpr const char* kind_of = nullptr;
template <>
inline constexpr const char* kind_of<laot_context> = "laot_context";
template <>
inline constexpr const char* kind_of<laot_data> = "laot_data";
template <>
inline constexpr const char* kind_of<laot_experiment> = "laot_experiment";
template <>
inline constexpr const char* kind_of<laot_params> = "laot_params";
template <>
inline constexpr const char* kind_of<laot_model> = "laot_model";
template <>
inline constexpr const char* kind_of<laot_findings> = "laot_findings";
template <>
inline constexpr const char* kind_of<laot_table> = "laot_table";

/// The object behind an argument: not NULL and, of a handle, held by the host.
template <class T>
T& given(T* pointer, const char* argument) {
  using Handle = std::remove_const_t<T>;
  require(pointer != nullptr, Status::invalid_argument, argument, " is NULL");
  if constexpr (kind_of<Handle> != nullptr)
    require(LiveHandles::all().has(pointer, kind_of<Handle>), Status::invalid_argument, argument,
            " is no ", kind_of<Handle>, " that is in use: it was freed, or is something else");
  return *pointer;
}

/// Gives a new object to the host.
template <class Handle>
void hand_out(std::unique_ptr<Handle> made, Handle** out) {
  LiveHandles::all().add(made.get(), kind_of<Handle>);
  *out = made.release();
}

inline void hand_out_table(laot::Table table, laot_table** out) {
  hand_out(std::unique_ptr<laot_table>(new laot_table{std::move(table)}), out);
}

/// Frees what the host holds; of anything else, only laot_last_error speaks.
template <class Handle>
void free_handle(Handle* handle, const char* argument) noexcept {
  if (handle == nullptr) return;
  (void)guarded([&] {
    require(LiveHandles::all().take(handle, kind_of<Handle>), Status::invalid_argument, argument,
            " is no ", kind_of<Handle>,
            " that is in use: it was freed already, or is something else");
    delete handle;
  });
}

inline std::string given_text(const char* value, const char* argument) {
  return std::string(&given(value, argument));
}

/// Fills as much of the caller's struct as the caller knows of.
template <class Info>
void fill(Info* info, Info values) {
  const size_t size = given(info, "info").struct_size;
  require(size >= sizeof(size_t) && size <= 65536, Status::invalid_argument,
          "info->struct_size must be set to sizeof the struct before the call, found ", size);
  values.struct_size = size;
  std::memcpy(static_cast<void*>(info), &values, std::min(size, sizeof(Info)));
}

/// The core's context for one call: settings copied, callbacks wrapped.
class CallContext {
 public:
  explicit CallContext(laot_context* settings);
  CallContext(const CallContext&) = delete;
  CallContext& operator=(const CallContext&) = delete;
  Context& operator*() { return context_; }

 private:
  /// The host's context is one call's at a time. Free again on every way out, also where the rest
  /// of the preparation fails.
  class Claim {
   public:
    explicit Claim(laot_context& settings);
    ~Claim() { settings_.in_use = false; }
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;

   private:
    laot_context& settings_;
  };

  laot_context& settings_;
  Claim claim_;
  bool cancelled_by_progress_ = false;
  Context context_;
};

/// The names in a list of (name, value).
template <class Pairs>
std::vector<std::string> names_of(const Pairs& pairs) {
  std::vector<std::string> out;
  for (const auto& entry : pairs) out.push_back(entry.first);
  return out;
}

/// Refuses names of features that differ, where both sides have them.
void require_same_features(const std::vector<std::string>& a, const char* a_name,
                           const std::vector<std::string>& b, const char* b_name);

/// Populations of an experiment, with the labels and names of the data.
void add_control(const laot_data& control, Experiment& experiment);
void add_condition(Condition condition, const laot_data& treated, std::size_t control,
                   Experiment& experiment);

/// A covariate of the condition of a model of one; unknown_name where it has none of that name.
const CovariateValue& covariate_of(const Model& model, const std::string& name);

/// The two-call protocol for texts.
void copy_out(const std::string& value, char* buffer, std::size_t size, std::size_t* needed);

/// labels[count] as strings; every pointer checked, and that each is a name (see require_name).
std::vector<std::string> given_texts(const char* const* texts, std::size_t count,
                                     const char* argument);

/// Cells that a call reads, all of them numbers.
const Cells& valid_cells(const laot_data* data, const char* name, Context& context);
/// The same as a matrix: in place where the host has just these as a matrix, else a copy.
arma::mat valid_matrix(const laot_data* data, const char* name, Context& context);

/// "a\nb\nc".
std::string lines(const std::vector<std::string>& items);

}  // namespace laot::capi
