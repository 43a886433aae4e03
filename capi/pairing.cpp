#include "laot/pairing.hpp"

#include "handles.hpp"

using laot::Status;
using laot::capi::given;
using laot::capi::given_text;
using laot::capi::given_texts;
using laot::capi::guarded;
using laot::capi::hand_out_table;

extern "C" {

laot_status laot_transitions(const laot_model* model, const char* const* from, size_t from_count,
                             const char* const* to, size_t to_count, laot_table** out) {
  return guarded([&] {
    given(out, "out");
    const laot::Pairing pairing = laot::pairing_of(given(model, "model").model);
    // In turn: of two bad arguments every compiler names the first.
    const auto from_labels = given_texts(from, from_count, "from");
    const auto to_labels = given_texts(to, to_count, "to");
    hand_out_table(laot::transitions(pairing, from_labels, to_labels), out);
  });
}

laot_status laot_partners(const laot_model* model, const char* direction, const size_t* cells,
                          size_t count, laot_table** out) {
  return guarded([&] {
    given(out, "out");
    const laot::Model& m = given(model, "model").model;
    const laot::Direction asked = laot::direction_from(given_text(direction, "direction"));
    laot::require(cells != nullptr && count > 0, Status::invalid_argument,
                  "cells is empty; give at least one");
    hand_out_table(laot::partners(m, laot::pairing_of(m), asked, {cells, cells + count}), out);
  });
}

}  // extern "C"
