// The loop of every training, and what a run says about itself.
#include "laot/nets/training.hpp"
#include "laot/number_text.hpp"

namespace laot::nets {

bool note_look(TrainingReport& report, bool finite, bool first) {
  require(finite || !first, Status::numerical_failure,
          "the untrained network is not finite on these cells: scale the features");
  if (finite) return true;
  report.outcome = Outcome::diverged;
  report.diverged_at = report.iterations;
  return false;
}

bool takes_iterate(TrainingReport& report, const ValidationScore::Value& value, bool first,
                   bool keep_last) {
  if (first) report.untrained_score = value.mmd2;
  if (!first && !keep_last && !(value.mmd2 < report.best_score)) return false;
  report.best_score = value.mmd2;
  report.best_overlap = value.overlap;
  report.best_iteration = report.iterations;
  return true;
}

void run_steps(TrainingReport& report, std::uint64_t last, Context& context,
               const std::function<void()>& between, const std::function<void()>& step,
               const std::function<bool()>& more) {
  const SingleThreadedBlas one_thread;
  while (report.outcome != Outcome::diverged && report.iterations < last && (!more || more())) {
    context.poll("training", static_cast<double>(report.iterations) / static_cast<double>(last));
    if (between) between();
    step();
  }
  if (report.outcome != Outcome::diverged) report.outcome = Outcome::finished;
}

void run_iterations(TrainingReport& report, std::uint64_t last, std::uint64_t check_every,
                    Context& context, const std::function<void()>& between,
                    const std::function<bool()>& step, const std::function<void()>& look) {
  run_steps(report, last, context, between, [&] {
    const bool finite = step();
    if (!finite) {
      report.outcome = Outcome::diverged;
      report.diverged_at = report.iterations;
    } else if (report.iterations % check_every == 0 || report.iterations == last) {
      look();
    }
  });
}

namespace {

// A score as a sentence needs it.
std::string three_digits(double value) {
  return text_of_number(value, 3);
}

}  // namespace

std::string warning_of(const TrainingReport& report, double ceiling, const char* unit) {
  const double overlap = report.best_overlap;
  if (report.outcome == Outcome::diverged)
    return text("training diverged at ", unit, " ", report.diverged_at,
                " (a value was no longer finite); the best iterate before that, of ", unit, " ",
                report.best_iteration, ", is kept: lower the learning rate");
  if (overlap < 0.01)
    return text("the map saturated: even the best iterate (", unit, " ", report.best_iteration,
                ") moves cells away from all treated cells (validation MMD^2 ",
                three_digits(report.best_score), ", ceiling ", three_digits(ceiling),
                "): train longer or change the learning rate");
  if (overlap < 0.5)
    return text("even the best iterate (", unit, " ", report.best_iteration,
                ") is far from the treated cells (its mean kernel with them is ",
                three_digits(overlap), " of that among them; validation MMD^2 ",
                three_digits(report.best_score), "): train longer or change the learning rate");
  if (report.best_score >= report.identity_score)
    return text("no iterate was better on validation cells than ",
                report.mean_restored ? "the mean shift" : "not moving them", " (MMD^2 ",
                three_digits(report.best_score), " against ", three_digits(report.identity_score),
                "): train longer or change the learning rate");
  if (report.iterations > 0 && report.best_iteration == 0)
    return text(
        "no iterate was better on validation cells than the untrained network, which is kept "
        "(MMD^2 ",
        three_digits(report.best_score), "): train longer or change the learning rate");
  return "";
}

}  // namespace laot::nets
