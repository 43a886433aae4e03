#include "laot/nets/snapshot.hpp"

#include <cmath>

namespace laot::nets::snapshot {

namespace {

const std::vector<double>& find(const Snapshot& from, const std::string& name) {
  const auto it = from.find(name);
  require(it != from.end(), Status::bad_format, "the training state has no array \"", name, "\"");
  return it->second;
}

void expect(const std::string& name, std::size_t found, std::size_t wanted) {
  require(found == wanted, Status::bad_format, "array \"", name, "\" of the training state has ",
          found, " values where ", wanted, " are needed");
}

std::uint64_t word(double high, double low) {
  constexpr double limit = 4294967296.0;
  require(high >= 0 && high < limit && low >= 0 && low < limit && high == std::floor(high) &&
              low == std::floor(low),
          Status::bad_format, "the training state holds a damaged integer");
  return (static_cast<std::uint64_t>(high) << 32) | static_cast<std::uint64_t>(low);
}

void push(std::vector<double>& to, std::uint64_t value) {
  to.push_back(static_cast<double>(value >> 32));
  to.push_back(static_cast<double>(value & 0xffffffffULL));
}

}  // namespace

void put(Snapshot& to, const std::string& name, const std::vector<float>& values) {
  to[name].assign(values.begin(), values.end());
}

void put(Snapshot& to, const std::string& name, const std::vector<std::uint64_t>& words) {
  std::vector<double>& out = to[name];
  out.clear();
  for (const std::uint64_t value : words) push(out, value);
}

void put(Snapshot& to, const std::string& name, const Rng& rng) {
  const Rng::State state = rng.state();
  std::vector<double>& out = to[name];
  out.clear();
  push(out, state.seed);
  for (const std::uint64_t value : state.words) push(out, value);
  out.push_back(state.spare);
  out.push_back(state.has_spare ? 1.0 : 0.0);
}

void put(Snapshot& to, const std::string& name, const Adam<float>& adam) {
  put(to, name + ".first", adam.first);
  put(to, name + ".second", adam.second);
}

void get(const Snapshot& from, const std::string& name, std::vector<float>& into) {
  const std::vector<double>& values = find(from, name);
  expect(name, values.size(), into.size());
  for (std::size_t i = 0; i < into.size(); ++i) into[i] = static_cast<float>(values[i]);
}

void get(const Snapshot& from, const std::string& name, std::vector<std::uint64_t>& into) {
  const std::vector<double>& values = find(from, name);
  expect(name, values.size(), 2 * into.size());
  for (std::size_t i = 0; i < into.size(); ++i) into[i] = word(values[2 * i], values[2 * i + 1]);
}

void get(const Snapshot& from, const std::string& name, Rng& into) {
  const std::vector<double>& values = find(from, name);
  expect(name, values.size(), 12);
  Rng::State state{};
  state.seed = word(values[0], values[1]);
  for (std::size_t i = 0; i < 4; ++i) state.words[i] = word(values[2 + 2 * i], values[3 + 2 * i]);
  state.spare = values[10];
  state.has_spare = values[11] != 0.0;
  into.restore(state);
}

void get(const Snapshot& from, const std::string& name, Adam<float>& into) {
  get(from, name + ".first", into.first);
  get(from, name + ".second", into.second);
}

double number(const Snapshot& from, const std::string& name) {
  return numbers(from, name, 1)[0];
}

std::vector<double> numbers(const Snapshot& from, const std::string& name, std::size_t count) {
  const std::vector<double>& values = find(from, name);
  expect(name, values.size(), count);
  return values;
}

std::vector<std::vector<double>> rows(const Snapshot& from, const std::string& name,
                                      std::size_t width) {
  const std::vector<double>& values = find(from, name);
  require(!values.empty() && values.size() % width == 0, Status::bad_format, "array \"", name,
          "\" of the training state does not consist of rows of ", width);
  std::vector<std::vector<double>> out;
  for (auto at = values.begin(); at != values.end(); at += static_cast<std::ptrdiff_t>(width))
    out.emplace_back(at, at + static_cast<std::ptrdiff_t>(width));
  return out;
}

}  // namespace laot::nets::snapshot
