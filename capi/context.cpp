#include <cmath>

#include "handles.hpp"
#include "laot/letters.hpp"

using laot::Status;
using laot::capi::copy_out;
using laot::capi::free_handle;
using laot::capi::given;
using laot::capi::given_text;
using laot::capi::guarded;
using laot::capi::hand_out;

namespace laot::capi {

CallContext::Claim::Claim(laot_context& settings) : settings_(settings) {
  require(!settings_.in_use.exchange(true), Status::invalid_argument,
          "context is in use by a call that has not come back; give each thread, and a call from "
          "within a callback, a context of its own");
}

CallContext::CallContext(laot_context* settings)
    : settings_(given(settings, "context")), claim_(settings_) {
  const laot_context& s = settings_;
  context_.num_threads = s.threads;
  context_.seed = s.seed;
  context_.checkpoint = s.checkpoint;
  context_.checkpoint_seconds = s.checkpoint_seconds;
  if (s.progress) {
    context_.progress = [this, &s](const std::string& stage, double fraction) {
      if (s.progress(stage.c_str(), fraction, s.progress_payload) != 0)
        cancelled_by_progress_ = true;
    };
  }
  if (s.cancel || s.progress) {
    context_.cancel = [this, &s] {
      return cancelled_by_progress_ || (s.cancel && s.cancel(s.cancel_payload) != 0);
    };
  }
  if (s.log) {
    context_.log = [&s](const std::string& line) {
      char sentence[1024];
      copy_sentence(line, sentence, sizeof sentence);
      s.log(sentence, s.log_payload);
    };
  }
}

}  // namespace laot::capi

extern "C" {

laot_status laot_context_new(laot_context** out) {
  return guarded([&] {
    given(out, "out");
    hand_out(std::make_unique<laot_context>(), out);
  });
}

void laot_context_free(laot_context* context) {
  free_handle(context, "context");
}

laot_status laot_context_set_threads(laot_context* context, int threads) {
  return guarded([&] {
    laot::require(threads >= 1 && threads <= 1024, Status::invalid_argument,
                  "threads must be from 1 to 1024, found ", threads);
    given(context, "context").threads = threads;
  });
}

laot_status laot_context_set_seed(laot_context* context, uint64_t seed) {
  return guarded([&] { given(context, "context").seed = seed; });
}

laot_status laot_context_set_cancel(laot_context* context, laot_cancel_fn function, void* payload) {
  return guarded([&] {
    given(context, "context").cancel = function;
    context->cancel_payload = payload;
  });
}

laot_status laot_context_set_progress(laot_context* context, laot_progress_fn function,
                                      void* payload) {
  return guarded([&] {
    given(context, "context").progress = function;
    context->progress_payload = payload;
  });
}

laot_status laot_context_set_log(laot_context* context, laot_log_fn function, void* payload) {
  return guarded([&] {
    given(context, "context").log = function;
    context->log_payload = payload;
  });
}

laot_status laot_context_set_checkpoint(laot_context* context, const char* path, double seconds) {
  return guarded([&] {
    laot::require(path == nullptr || *path != '\0', Status::invalid_argument,
                  "path is empty; name a file, or give NULL for none");
    laot::require(std::isfinite(seconds) && seconds >= 0.0, Status::invalid_argument,
                  "seconds must be a number of at least 0, found ", seconds);
    laot_context& c = given(context, "context");
    c.checkpoint = path ? path : "";
    c.checkpoint_seconds = seconds;
  });
}

laot_status laot_checkpoint_seed(const char* path, uint64_t* seed) {
  return guarded([&] {
    uint64_t& out = given(seed, "seed");
    out = laot::seed_of_checkpoint(given_text(path, "path"));
  });
}

const char* laot_version(void) {
  return LAOT_VERSION;
}

int laot_abi_version(void) {
  return LAOT_ABI_VERSION;
}

laot_status laot_capabilities(char* buffer, size_t size, size_t* needed) {
  return guarded([&] {
    const std::string all = laot::text("version=", LAOT_VERSION, "\nabi=", LAOT_ABI_VERSION,
                                       "\nblas=", laot::blas_description(),
                                       "\nmemory_mb=", laot::usable_memory() / 1000000);
    copy_out(all, buffer, size, needed);
  });
}

}  // extern "C"
