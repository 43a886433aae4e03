// One damaged file for each demand of the readers: of safetensors, of models, of training states.
// (tests/fuzz changes bytes at random; here every demand is missed alone.)
#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "laot/models.hpp"
#include "laot/nets/training.hpp"
#include "support/bad_format.hpp"
#include "support/clouds.hpp"

using namespace laot;

namespace {

std::string with_length(const std::string& header, const std::string& data = "") {
  std::string out(8, '\0');
  std::uint64_t length = header.size();
  for (char& byte : out) {
    byte = static_cast<char>(length & 0xff);
    length >>= 8;
  }
  return out + header + data;
}

void refused(const std::string& bytes, const char* why) {
  CAPTURE(bytes);
  check_bad_format([&] { (void)ModelFile::parse(bytes.data(), bytes.size()); }, why);
}

std::string tensor(const char* type, const char* shape, const char* offsets) {
  return std::string("{\"a\":{\"dtype\":\"") + type + "\",\"shape\":" + shape +
         ",\"data_offsets\":" + offsets + "}}";
}

const arma::mat kX = clouds::gaussian(3, 20, 1), kY = clouds::gaussian(3, 25, 2) + 1.0;

Model fitted(const std::string& name,
             const std::vector<std::pair<std::string, std::string>>& settings, bool batch = false) {
  Params params(method(name).spec);
  for (const auto& [key, value] : settings) params.set_text(key, value);
  Experiment cells = experiment_of(Cells::dense(kX), Cells::dense(kY));
  cells.feature_names = {"a", "b", "c"};
  if (batch) {
    for (std::size_t i = 0; i < 20; ++i) cells.controls[0].batch.push_back(i % 2 ? "p" : "q");
    for (std::size_t i = 0; i < 25; ++i)
      cells.conditions[0].population.batch.push_back(i % 2 ? "p" : "q");
  }
  Context context;
  context.seed = 3;
  return fit_model(params, cells, context);
}

// The file with one tensor or text under another name of the same length, so that it is missing.
void lacks(const Model& model, const std::string& name, const char* why) {
  CAPTURE(name);
  std::string bytes = model.store().bytes();
  const std::size_t at = bytes.find("\"" + name + "\":");
  REQUIRE(at != std::string::npos);
  bytes[at + 1] = '#';
  check_bad_format([&] { (void)Model::load(ModelFile::parse(bytes.data(), bytes.size())); }, why);
}

arma::vec vector_of(std::size_t count, double value) {
  return arma::vec(count, arma::fill::value(value));
}

arma::mat matrix_of(std::size_t rows, std::size_t columns, double value = 0.5) {
  return arma::mat(rows, columns, arma::fill::value(value));
}

}  // namespace

TEST_CASE("every demand on a safetensors file is missed by one file that is refused") {
  const std::string eight(8, '\0'), sixteen(16, '\0');
  CHECK_NOTHROW(ModelFile::parse(with_length(tensor("F64", "[1]", "[0,8]"), eight).data(),
                                 with_length(tensor("F64", "[1]", "[0,8]"), eight).size()));
  refused("", "has 0 bytes; it is not a safetensors file");
  refused(std::string(7, '\0'), "has 7 bytes; it is not a safetensors file");
  refused(with_length("{}").substr(0, 9),
          "says that its header has 2 bytes, but only 1 can follow");
  refused(std::string(8, '\xff') + "{}", "is cut off or not a safetensors file");
  refused(with_length("[]"), "the header of the model file is not an object");
  refused(with_length("{\"a\":[]}"), "needs dtype F64 or I32, a shape and two data_offsets");
  refused(with_length("{\"__metadata__\":{\"k\":1}}"),
          "entry \"k\" of the model file is not a text");
  const char* const lacking = "needs dtype F64 or I32, a shape and two data_offsets";
  refused(with_length(tensor("F32", "[1]", "[0,4]"), eight), lacking);
  refused(with_length(tensor("F64", "1", "[0,8]"), eight), lacking);
  refused(with_length(tensor("F64", "[1]", "8"), eight), lacking);
  refused(with_length(tensor("F64", "[1]", "[0]"), eight), lacking);
  refused(with_length("{\"a\":{\"shape\":[1],\"data_offsets\":[0,8]}}", eight), lacking);
  refused(with_length("{\"a\":{\"dtype\":\"F64\",\"data_offsets\":[0,8]}}", eight), lacking);
  refused(with_length("{\"a\":{\"dtype\":\"F64\",\"shape\":[1]}}", eight), lacking);
  const char* const too_large = "has a shape that its 8 bytes cannot hold";
  refused(with_length(tensor("F64", "[9]", "[0,8]"), eight), too_large);
  refused(with_length(tensor("F64", "[4294967296,4294967296]", "[0,8]"), eight), too_large);
  refused(with_length(tensor("F64", "[0,4611686018427387904]", "[0,0]")),
          "is empty, and has an axis of 4611686018427387904");
  const char* const no_numbers = "has a shape or offsets that are no whole numbers";
  refused(with_length(tensor("F64", "[\"1\"]", "[0,8]"), eight), no_numbers);
  const char* const misplaced = "which does not fit its shape or the file";
  refused(with_length(tensor("F64", "[1]", "[8,0]"), eight), misplaced);
  refused(with_length(tensor("F64", "[1]", "[8,16]"), eight), misplaced);
  refused(with_length(tensor("F64", "[1]", "[0,4]"), eight), misplaced);
  refused(with_length(tensor("I32", "[1]", "[0,8]"), eight), misplaced);
  refused(with_length(tensor("F64", "[1]", "[\"0\",8]"), eight), no_numbers);
  refused(with_length(tensor("F64", "[1]", "[0,\"8\"]"), eight), no_numbers);
  // Bytes that no tensor has, and bytes that two of them have.
  refused(with_length(tensor("F64", "[1]", "[0,8]"), sixteen), "cover 8 of its 16 bytes");
  refused(with_length("{\"a\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]},"
                      "\"b\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]}}",
                      eight),
          "overlap at byte 0 of its numbers");
  refused(with_length("{\"a\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]},"
                      "\"b\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[16,24]}}",
                      sixteen + eight),
          "leave a gap before byte 16 of its numbers");
  refused(with_length("{\"__metadata__\":1}"), "entry \"__metadata__\" of the model file is not");
}

TEST_CASE("every demand on the header's JSON is missed by one header that is refused") {
  const std::vector<std::pair<std::string, const char*>> headers = {
      {"{} {}", "nothing more"},
      {"", "a value"},
      {"{\"a\":[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]}", "less nesting"},
      {"{\"a\":[1}", "a comma or ]"},
      {"{a:1}", "a name in quotes"},
      {"{\"a\":1,\"a\":2}", "it has the name \"a\" twice"},
      {"{\"a\"1}", "a colon"},
      {"{\"a\":1]", "a comma or }"},
      {"{\"a\":-1}", "a string, a whole number, an array or an object"},
      {"{\"a\":99999999999999999999}", "a number below 2^64"},
      {"{\"a\":1.5}", "a whole number"},
      {"{\"a\":1e3}", "a whole number"},
      {"{\"\\u00g0\":1}", "four hexadecimal digits"},
      {"{\"\\u00", "four hexadecimal digits"},
      {"{\"\\", "an escaped character"},
      {"{\"\\x\":1}", "a known escape"},
      {"{\"\\ud800x\":1}", "the second half of a pair"},
      {"{\"\\ud800\\u0041\":1}", "the second half of a pair"},
      {"{\"\\ud800\\ue000\":1}", "the second half of a pair"},
      {"{\"\\udc00\":1}", "the first half of a pair"},
      {"{\"a", "a closing quote"},
      {"{\"a\nb\":1}", "no control character in a string"}};
  for (const auto& [header, expected] : headers) refused(with_length(header), expected);
  // Neighbours of refused headers: escapes, pairs, the largest number, spaces.
  const std::string good = with_length(
      "{ \"__metadata__\" : {\"k\":\"\\u00e9\\ud83d\\ude00\\n\\t\\\"\\\\\\/\\b\\f\\r\"} }");
  CHECK(ModelFile::parse(good.data(), good.size()).text_value("k") ==
        "\xc3\xa9\xf0\x9f\x98\x80\n\t\"\\/\b\f\r");
}

TEST_CASE("entries of a model file are asked for by name, type and axes") {
  ModelFile file;
  file.put("matrix", matrix_of(2, 3));
  file.put("vector", vector_of(4, 1.0));
  file.put_text("word", "seven");
  file.put_text("object", "{}");
  file.put_text("numbers", "[1]");
  CHECK_THROWS_WITH_AS(file.matrix("none"), "the model file has no tensor \"none\"", Error);
  CHECK_THROWS_WITH_AS(file.matrix("vector"), doctest::Contains("has 1 axes of F64, expected 2"),
                       Error);
  CHECK_THROWS_WITH_AS(file.vector("matrix"), doctest::Contains("has 2 axes of F64, expected 1"),
                       Error);
  CHECK_THROWS_WITH_AS(file.integers("vector"), doctest::Contains("expected 1 of I32"), Error);
  CHECK_THROWS_WITH_AS(file.text_value("none"), "the model file has no entry \"none\"", Error);
  CHECK_THROWS_WITH_AS(file.number("word"), doctest::Contains("is not a number"), Error);
  CHECK_THROWS_WITH_AS(file.texts("object"), doctest::Contains("expected a list at byte 0"), Error);
  CHECK_THROWS_WITH_AS(file.texts("numbers"), doctest::Contains("expected a text at byte 1"),
                       Error);
}

TEST_CASE("every demand on a model file is missed by one file that is refused") {
  const Model model = fitted("laot", {{"n_pcs", "2"}}, true);
  REQUIRE(model.space.has_components());
  const auto text_is = [](const char* name, const char* value) {
    return [=](ModelFile& file) { file.put_text(name, value); };
  };
  const auto vector_is = [](const char* name, const arma::vec& value) {
    return [=](ModelFile& file) { file.put(name, value); };
  };
  const auto matrix_is = [](const char* name, const arma::mat& value) {
    return [=](ModelFile& file) { file.put(name, value); };
  };
  refused(model, text_is("format", "another model"), "but not a laot model");
  refused(model, text_is("format_version", "0"), "has format version 0");
  refused(model, text_is("format_version", "1000"), "has format version 1000");
  refused(model, text_is("feature_names", "[\"a\",\"b\"]"), "has 2 feature names for 3 features");

  const char* const apart = "the feature space of the model file does not fit together";
  refused(model, vector_is("space.mean_treated", vector_of(2, 0.0)), apart);
  refused(model, vector_is("space.mean_control", vector_of(4, 0.0)), apart);
  refused(model, matrix_is("space.basis", matrix_of(4, 2)), apart);
  refused(model, matrix_is("space.basis", matrix_of(3, 3)), apart);
  refused(model, vector_is("space.scale", vector_of(3, 1.0)), apart);
  const Model whole = fitted("laot", {{"n_pcs", "0"}});
  refused(whole, vector_is("space.scale", vector_of(2, 1.0)), apart);
  for (const double value : {0.0, -1.0, std::numeric_limits<double>::infinity(),
                             std::numeric_limits<double>::quiet_NaN()})
    refused(whole, vector_is("space.scale", {1.0, value, 1.0}), "has a scale that is not positive");
  for (const std::vector<std::int32_t>& features :
       {std::vector<std::int32_t>{-1}, {3}, {1, 1}, {2, 0}})
    refused(
        whole, [&](ModelFile& file) { file.lend("space.constant", features); },
        "constant features that are not increasing numbers from 0 to 2");

  const char* const summary = "the training summary of the model file does not fit its features";
  for (const double value : {-6.0, 0.5, 1e18})
    for (const char* name : {"training.n", "training.m"})
      refused(
          model, [&](ModelFile& file) { file.put_number(name, value); },
          "not a whole number from 0 to");
  refused(model, vector_is("training.mean_control", vector_of(2, 0.0)), summary);
  refused(model, vector_is("training.mean_treated", vector_of(4, 0.0)), summary);
  refused(model, matrix_is("training.kept_control", matrix_of(2, 20)), summary);
  refused(model, matrix_is("training.kept_treated", matrix_of(4, 25)), summary);
  refused(model, matrix_is("training.gaussian_map", matrix_of(2, 3)), summary);
  refused(model, matrix_is("training.gaussian_map", matrix_of(3, 2)), summary);
  refused(model, vector_is("training.gaussian_offset", vector_of(3, 0.0)), summary);
  refused(model, text_is("training.kept_batch_control", "[\"p\"]"), "has the batch of 1 control");
  refused(model, text_is("training.kept_batch_treated", "[\"p\"]"),
          "and 1 treated cells, but keeps");

  const char* const map = "but its feature space has 2 dimensions";
  refused(model, matrix_is("response.map", matrix_of(2, 3)), map);
  refused(model, matrix_is("response.map", matrix_of(3, 2)), map);
  refused(model, vector_is("response.offset", vector_of(3, 0.0)), map);

  for (const char* name : {"format_version", "method", "preset", "feature_names", "training.n",
                           "training.m", "training.median_gamma", "training.gamma_subsampled",
                           "training.control_names", "training.kept_batch_treated"})
    lacks(model, name, "has no entry");
  for (const char* name : {"space.mean_control", "space.mean_treated", "space.scale",
                           "training.mean_control", "training.gaussian_map",
                           "training.gaussian_offset", "training.kept_control.rows", "trace.ridge"})
    if (model.store().has(name)) lacks(model, name, "has no tensor");
  lacks(model, "format", "but not a laot model");
}

TEST_CASE("every demand on a network in a model file is missed by one file that is refused") {
  const auto number_is = [](const char* name, double value) {
    return [=](ModelFile& file) { file.put_number(name, value); };
  };
  const auto matrix_is = [](const char* name, const arma::mat& value) {
    return [=](ModelFile& file) { file.put(name, value); };
  };
  const auto vector_is = [](const char* name, const arma::vec& value) {
    return [=](ModelFile& file) { file.put(name, value); };
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  {
    const Model model = fitted("cellot", {{"n_pcs", "0"},
                                          {"hidden_units", "4"},
                                          {"hidden_layers", "2"},
                                          {"iterations", "4"},
                                          {"center", "own"},
                                          {"restore", "mean"}});
    refused(model, number_is("response.layers", 0), "not a whole number from 1 to");
    refused(model, number_is("response.layers", 1.5), "not a whole number from 1 to");
    refused(model, number_is("response.layers", 1e6), "not a whole number from 1 to");
    refused(model, number_is("response.softplus_kernels", 2), "not a whole number from 0 to 1");
    refused(model, number_is("response.slope", 1e31), "not a usable number");
    refused(model, number_is("response.slope", nan), "not a usable number");
    refused(model, matrix_is("response.g.A0.weight", arma::mat(0, 3)), "has 0 units");
    // Rows that the weights between layers do not have: no network of their product is made.
    refused(
        model,
        [](ModelFile& file) {
          for (const char* net : {"response.f.", "response.g."})
            for (const char* layer : {"A0", "A1"}) {
              file.put(text(net, layer, ".weight"), matrix_of(100000, 3));
              file.put(text(net, layer, ".bias"), matrix_of(100000, 1));
            }
        },
        "response.g.W1.weight\" of the model file is 4 x 4 where 100000 x 100000 is needed");
    refused(model, matrix_is("response.f.A1.weight", matrix_of(5, 3)), "where 4 x 3 is needed");
    refused(model, matrix_is("response.f.A1.weight", matrix_of(4, 2)), "where 4 x 3 is needed");
    for (const double value : {nan, 4e38})
      refused(model, matrix_is("response.f.A1.weight", matrix_of(4, 3, value)),
              "no finite single precision number");
    refused(model, vector_is("response.mean_offset", vector_of(2, 0.0)),
            "has 2 values for a feature space of 3");
    refused(model, vector_is("response.mean_offset", vector_of(3, 1e31)), "no usable number");
  }
  {
    const Model model = fitted("scgen", {{"n_pcs", "0"},
                                         {"hidden_units", "4"},
                                         {"latent", "2"},
                                         {"epochs", "2"},
                                         {"center", "joint"},
                                         {"restore", "none"}});
    refused(
        model, [](ModelFile& file) { file.put_text("response.autoencoder", "folded"); },
        "an autoencoder of an unknown kind, \"folded\"");
    refused(model, number_is("response.layers", -1), "not a whole number from 0 to");
    refused(model, number_is("response.batch_norm", 2), "not a whole number from 0 to 1");
    refused(model, number_is("response.keep_residual", 3), "not a whole number from 0 to 1");
    for (const double share : {0.0, 1.5})
      refused(model, number_is("response.change_share", share), "not above 0 and at most 1");
    refused(model, matrix_is("response.enc0.weight", arma::mat(0, 3)), "has 0 units");
    refused(model, matrix_is("response.code.weight", matrix_of(3, 4)), "is needed");
    refused(model, vector_is("response.shift", vector_of(3, 0.0)), "has 3 values for a code of 2");
    for (const double value : {nan, 4e38})
      refused(model, vector_is("response.shift", vector_of(2, value)),
              "no finite single precision number");
    refused(model, vector_is("response.origin", vector_of(3, 0.0)),
            "has \"response.origin\" without \"response.mean_offset\"");
    bool met = false;
    for (const std::string& name : model.store().tensor_names())
      if (name.find(".variance") != std::string::npos && !met) {
        met = true;
        refused(
            model,
            [&](ModelFile& file) {
              arma::mat variance = file.matrix(name);
              variance(0, 0) = -1.0;
              file.put(name, variance);
            },
            "has a negative variance");
      }
    CHECK(met);
  }
}

TEST_CASE("every demand on a training state is missed by one state that is refused") {
  using nets::Snapshot;
  Snapshot state;
  nets::snapshot::put(state, "rng", Rng(4));
  state["three"] = {1.0, 2.0, 3.0};
  std::vector<float> two(2);
  CHECK_THROWS_WITH_AS(nets::snapshot::get(state, "none", two),
                       "the training state has no array \"none\"", Error);
  CHECK_THROWS_WITH_AS(nets::snapshot::get(state, "three", two), doctest::Contains("has 3"), Error);
  CHECK_THROWS_WITH_AS(nets::snapshot::rows(state, "three", 2), doctest::Contains("rows of 2"),
                       Error);
  state["three"].clear();
  CHECK_THROWS_WITH_AS(nets::snapshot::rows(state, "three", 2), doctest::Contains("rows of 2"),
                       Error);
  for (const double bad : {-1.0, 4294967296.0, 0.5}) {
    for (const std::size_t half : {2, 3}) {  // of the first word
      Snapshot damaged = state;
      damaged["rng"][half] = bad;
      Rng rng(1);
      CHECK_THROWS_WITH_AS(nets::snapshot::get(damaged, "rng", rng),
                           doctest::Contains("a damaged integer"), Error);
    }
  }
  nets::BatchSampler batches(6, 4);
  Rng rng(5);
  batches.next(rng);
  batches.put(state, "batches");
  for (const double position : {-1.0, 7.0, 1.5}) {
    Snapshot damaged = state;
    damaged["batches.position"] = {position};
    CHECK_THROWS_WITH_AS(batches.get(damaged, "batches"), doctest::Contains("a batch position of"),
                         Error);
  }
  Snapshot damaged = state;
  damaged["batches.order"][1] = 6.0;
  CHECK_THROWS_AS(batches.get(damaged, "batches"), Error);
  CHECK_NOTHROW(batches.get(state, "batches"));
}

TEST_CASE("a plan of other cells than the fit's is refused, and names stand once in a list") {
  const Model whole = fitted("laot", {{"n_pcs", "0"}});
  const auto with = [&](const std::function<void(ModelFile&)>& change) {
    ModelFile file = whole.store();
    change(file);
    const std::string bytes = file.bytes();
    return [bytes] { (void)Model::load(ModelFile::parse(bytes.data(), bytes.size())); };
  };
  CHECK_NOTHROW(with([](ModelFile&) {})());
  const arma::mat source = whole.arrays.at("plan_source"), mass = whole.arrays.at("plan_mass");
  for (const double cell : {20.0, 1e9, -1.0, 0.5, std::numeric_limits<double>::quiet_NaN()}) {
    CAPTURE(cell);
    arma::mat damaged = source;
    damaged[0] = cell;
    check_bad_format(with([&](ModelFile& file) { file.put("array.plan_source", damaged); }),
                     "the model file has plan_source");
    check_bad_format(with([&](ModelFile& file) {
                       arma::mat target = damaged;
                       if (cell == 20.0) target[0] = 25.0;
                       file.put("array.plan_target", target);
                     }),
                     "the model file has plan_target");
  }
  check_bad_format(
      with([&](ModelFile& file) { file.put("array.plan_target", arma::mat(source.n_rows, 0)); }),
      "masses of a plan and another number of plan_target");
  for (const double value : {-0.1, std::numeric_limits<double>::infinity()}) {
    arma::mat damaged = mass;
    damaged[0] = value;
    check_bad_format(with([&](ModelFile& file) { file.put("array.plan_mass", damaged); }),
                     "a plan with the mass");
  }
  for (const char* list : {"trace.order", "report.order.numbers", "report.order.texts"}) {
    CAPTURE(list);
    std::vector<std::string> names = whole.store().texts(list);
    names.push_back(names[0]);
    check_bad_format(with([&](ModelFile& file) { file.put_texts(list, names); }), "twice");
  }
}

TEST_CASE("effects that are not finite are refused") {
  const Model whole = fitted("gaussian_map", {});
  ModelFile file = whole.store();
  arma::mat map = file.matrix("response.map");
  map[0] = std::numeric_limits<double>::infinity();
  file.put("response.map", map);
  const std::string bytes = file.bytes();
  const Model model = Model::load(ModelFile::parse(bytes.data(), bytes.size()));
  Context context;
  std::vector<double> out(9);
  CHECK_THROWS_WITH_AS(model.effects(Cells::dense(arma::mat(kX.head_cols(1))), out.data(), context),
                       doctest::Contains("effects overflowed"), Error);
}
