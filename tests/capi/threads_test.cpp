// Several threads at once, one context each, as ThreadSanitizer and everybody else would like it:
// fits with one data set shared read-only, predictions from one shared model, errors whose
// sentences do not mix, and callbacks that cancel.
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "laot.h"

namespace {

constexpr std::size_t features = 5, controls = 80, treated_cells = 70;
std::atomic<int> failures{0};

void check(bool good, const char* what) {
  if (good) return;
  ++failures;
  std::printf("failed: %s; last error of this thread: %s\n", what, laot_last_error());
}

std::vector<double> cells(std::size_t count, double stretch, double phase) {
  std::vector<double> out(features * count);
  for (std::size_t k = 0; k < out.size(); ++k)
    out[k] = stretch * std::sin(phase + 1.7 * static_cast<double>(k * k % 1009));
  return out;
}

const std::vector<double> control = cells(controls, 1.0, 0.2);
const std::vector<double> treated = cells(treated_cells, 2.0, 0.9);

struct Call {
  laot_context* context = nullptr;
  laot_params* params = nullptr;
  laot_data *x = nullptr, *y = nullptr;
  explicit Call(const char* method, int threads = 1) {
    check(laot_context_new(&context) == LAOT_OK, "context");
    check(laot_context_set_threads(context, threads) == LAOT_OK, "threads");
    check(laot_params_new(method, &params) == LAOT_OK, "params");
    check(laot_data_dense(control.data(), features, controls, features, &x) == LAOT_OK, "x");
    check(laot_data_dense(treated.data(), features, treated_cells, features, &y) == LAOT_OK, "y");
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() {
    // In an order that nobody would choose: params and context before the data.
    laot_params_free(params);
    laot_context_free(context);
    laot_data_free(y);
    laot_data_free(x);
  }
};

std::vector<double> predict(Call& call, const laot_model* model) {
  std::vector<double> out(features * controls);
  check(laot_predict(call.context, model, call.x, "no", out.data(), out.size()) == LAOT_OK,
        "predict");
  return out;
}

template <class Work>
void on_threads(int count, Work work) {
  std::vector<std::thread> threads;
  for (int k = 0; k < count; ++k) threads.emplace_back(work, k);
  for (std::thread& thread : threads) thread.join();
}

void fits_and_shared_models() {
  Call call("laot");
  laot_model* model = nullptr;
  check(laot_fit(call.context, call.params, call.x, call.y, &model) == LAOT_OK, "fit");
  const std::vector<double> expected = predict(call, model);
  on_threads(4, [&](int k) {
    Call own("laot", 1 + k % 2);
    check(predict(own, model) == expected, "the shared model predicts the same");
    laot_model* fitted = nullptr;
    check(laot_fit(own.context, own.params, own.x, own.y, &fitted) == LAOT_OK, "own fit");
    check(predict(own, fitted) == expected, "the own fit predicts the same");
    laot_model* mean = nullptr;
    check(laot_model_trivial(model, "mean_shift", &mean) == LAOT_OK, "trivial");
    laot_model_free(fitted);
    double w2 = 0.0, mmd2 = 0.0;
    const double gamma = 0.3;
    check(laot_wasserstein2(own.context, own.x, own.y, &w2, nullptr) == LAOT_OK, "w2");
    check(laot_mmd2(own.context, own.x, own.y, &gamma, 1, "unbiased", &mmd2) == LAOT_OK, "mmd2");
    // Objects made from a model outlive it.
    predict(own, mean);
    laot_model_free(mean);
  });
  // The model outlives the context, the params and the data that it was fitted with.
  laot_model* kept = nullptr;
  {
    Call gone("gaussian_map");
    check(laot_fit(gone.context, gone.params, gone.x, gone.y, &kept) == LAOT_OK, "fit to keep");
  }
  predict(call, kept);
  laot_model_free(kept);
  laot_model_free(model);
}

void sentences_do_not_mix() {
  on_threads(4, [](int k) {
    const std::string name = "no_such_" + std::to_string(k);
    for (int round = 0; round < 200; ++round) {
      laot_params* params = nullptr;
      check(laot_params_new(name.c_str(), &params) == LAOT_UNKNOWN_NAME, "refused");
      check(std::strstr(laot_last_error(), name.c_str()) != nullptr, "its own sentence");
    }
  });
}

void introspection_from_everywhere() {
  on_threads(4, [](int) {
    for (std::size_t method = 0; method < laot_method_count(); ++method) {
      laot_method_info info;
      info.struct_size = sizeof info;
      check(laot_method_describe(method, &info) == LAOT_OK, "describe");
      for (std::size_t row = 0; row < info.param_count; ++row) {
        laot_param_info param;
        param.struct_size = sizeof param;
        check(laot_param_describe(method, row, &param) == LAOT_OK, "param");
      }
    }
  });
}

// Callbacks run on the thread that made the call, and nowhere else.
struct Watch {
  std::thread::id caller = std::this_thread::get_id();
  int calls = 0, stop_at = 0;
};

int count_and_stop(void* payload) {
  Watch& watch = *static_cast<Watch*>(payload);
  check(std::this_thread::get_id() == watch.caller, "cancel on the caller's thread");
  return ++watch.calls >= watch.stop_at ? 1 : 0;
}

int progress_and_stop(const char*, double, void* payload) {
  return count_and_stop(payload);
}

void cancelling() {
  on_threads(4, [](int k) {
    for (int stop_at = 1; stop_at <= 3; ++stop_at) {
      Call own("laot", 2);
      Watch watch;
      watch.stop_at = stop_at;
      const laot_status set =
          k % 2 ? laot_context_set_cancel(own.context, count_and_stop, &watch)
                : laot_context_set_progress(own.context, progress_and_stop, &watch);
      check(set == LAOT_OK, "set");
      laot_model* model = nullptr;
      const laot_status code = laot_fit(own.context, own.params, own.x, own.y, &model);
      check(code == LAOT_CANCELLED ? model == nullptr && watch.calls >= stop_at : code == LAOT_OK,
            "cancelled without a model, or finished before");
      check(stop_at > 1 || code == LAOT_CANCELLED, "the first answer stops it");
      laot_model_free(model);
      check(laot_context_set_cancel(own.context, nullptr, nullptr) == LAOT_OK, "cancel off");
      check(laot_context_set_progress(own.context, nullptr, nullptr) == LAOT_OK, "progress off");
      model = nullptr;
      check(laot_fit(own.context, own.params, own.x, own.y, &model) == LAOT_OK, "usable after");
      laot_model_free(model);
    }
  });
}

}  // namespace

int main() {
  fits_and_shared_models();
  sentences_do_not_mix();
  introspection_from_everywhere();
  cancelling();
  std::printf("%d failed\n", failures.load());
  return failures.load() != 0;
}
