// The state of a run as named arrays. A trainer lists what belongs to its state once, in
//
//   template <class Self, class Archive> static void state(Self& self, Archive& archive);
//
// and a Writer or a Reader goes through that list.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "laot/base.hpp"
#include "laot/nets/parameters.hpp"
#include "laot/nets/trace.hpp"

namespace laot::nets {

/// Named arrays that hold the whole state of a run. Single precision and 32-bit integers are exact
/// in a double; 64-bit words are stored in halves.
using Snapshot = std::map<std::string, std::vector<double>>;

namespace snapshot {

void put(Snapshot& to, const std::string& name, const std::vector<float>& values);
void put(Snapshot& to, const std::string& name, const std::vector<std::uint64_t>& words);
void put(Snapshot& to, const std::string& name, const Rng& rng);
void put(Snapshot& to, const std::string& name, const Adam<float>& adam);  // without its steps
// Each refuses an array that is missing or has another size than `into` (an Error, bad_format).
void get(const Snapshot& from, const std::string& name, std::vector<float>& into);
void get(const Snapshot& from, const std::string& name, std::vector<std::uint64_t>& into);
void get(const Snapshot& from, const std::string& name, Rng& into);
void get(const Snapshot& from, const std::string& name, Adam<float>& into);
double number(const Snapshot& from, const std::string& name);
std::vector<double> numbers(const Snapshot& from, const std::string& name, std::size_t count);
// An array of rows of `width` values, at least one.
std::vector<std::vector<double>> rows(const Snapshot& from, const std::string& name,
                                      std::size_t width);

class Writer {
 public:
  explicit Writer(Snapshot& to) : to_(to) {}

  template <class Value>
  void value(const std::string& name, const Value& value) {
    put(to_, name, value);
  }
  template <class... Words>
  void words(const std::string& name, const Words&... words) {
    put(to_, name, std::vector<std::uint64_t>{words...});
  }
  template <class... Numbers>
  void numbers(const std::string& name, const Numbers&... numbers) {
    to_[name] = {numbers...};
  }
  void array(const std::string& name, const std::vector<double>& values) { to_[name] = values; }
  template <class Network>
  void network(const std::string& name, const Network& network) {
    put(to_, name, network.values());
  }
  /// With the running moments of its batch normalisation.
  template <class Network>
  void normalised(const std::string& name, const Network& network) {
    put(to_, name, network.values());
    put(to_, name + ".running", network.running());
  }
  template <class Sampler>
  void batches(const std::string& name, const Sampler& sampler) {
    sampler.put(to_, name);
  }
  template <class Row>
  void trace(const std::string& name, const std::vector<Row>& trace) {
    std::vector<std::vector<double>> rows;
    for (const Row& row : trace) rows.push_back(values_of(row));
    table(name, rows, 0);
  }
  void table(const std::string& name, const std::vector<std::vector<double>>& rows,
             std::size_t /*width*/) {
    std::vector<double>& out = to_[name];
    for (const std::vector<double>& row : rows) out.insert(out.end(), row.begin(), row.end());
  }

 private:
  Snapshot& to_;
};

/// Refuses what is missing or does not fit the trainer that reads it (an Error, bad_format).
class Reader {
 public:
  explicit Reader(const Snapshot& from) : from_(from) {}

  template <class Value>
  void value(const std::string& name, Value& value) {
    get(from_, name, value);
  }
  template <class... Words>
  void words(const std::string& name, Words&... words) {
    std::vector<std::uint64_t> stored(sizeof...(words));
    get(from_, name, stored);
    auto next = stored.begin();
    ((words = *next++), ...);
  }
  template <class... Numbers>
  void numbers(const std::string& name, Numbers&... numbers) {
    const std::vector<double> stored = snapshot::numbers(from_, name, sizeof...(numbers));
    auto next = stored.begin();
    ((numbers = *next++), ...);
  }
  void array(const std::string& name, std::vector<double>& values) {
    values = snapshot::numbers(from_, name, values.size());
  }
  template <class Network>
  void network(const std::string& name, Network& network) {
    std::vector<float> values(network.size());
    get(from_, name, values);
    network.assign(values);
  }
  template <class Network>
  void normalised(const std::string& name, Network& network) {
    get(from_, name, network.values());
    get(from_, name + ".running", network.running());
  }
  template <class Sampler>
  void batches(const std::string& name, Sampler& sampler) {
    sampler.get(from_, name);
  }
  template <class Row>
  void trace(const std::string& name, std::vector<Row>& trace) {
    trace.clear();
    for (const auto& row : rows(from_, name, std::tuple_size_v<decltype(Row::columns())>))
      trace.push_back(row_of<Row>(row));
  }
  void table(const std::string& name, std::vector<std::vector<double>>& rows, std::size_t width) {
    rows = snapshot::rows(from_, name, width);
  }

 private:
  const Snapshot& from_;
};

/// The state of a trainer.
template <class Trainer>
Snapshot saved(const Trainer& trainer) {
  Snapshot out;
  Writer writer(out);
  Trainer::state(trainer, writer);
  return out;
}

/// The trainer in that state, or an Error and the trainer as it was.
template <class Trainer>
void restore(Trainer& trainer, const Snapshot& from) {
  Trainer next = trainer;
  Reader reader(from);
  Trainer::state(next, reader);
  trainer = std::move(next);
}

}  // namespace snapshot

}  // namespace laot::nets
