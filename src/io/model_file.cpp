#include "laot/model_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "json.hpp"
#include "laot/base.hpp"
#include "laot/file_access.hpp"
#include "laot/number_text.hpp"
#include "model_file_layout.hpp"

namespace laot {

namespace {

bool little_endian() {
  const std::uint16_t one = 1;
  unsigned char first;
  std::memcpy(&first, &one, 1);
  return first == 1;
}

// The file is little-endian; on other machines the bytes of each number are turned round.
void turn_to_file_order(char* bytes, std::size_t count, std::size_t width) {
  if (little_endian()) return;
  for (std::size_t i = 0; i < count; ++i, bytes += width) std::reverse(bytes, bytes + width);
}

}  // namespace

std::size_t ModelFile::Tensor::count() const {
  std::size_t product = 1;
  for (const std::size_t axis : shape) product *= axis;
  return product;
}

void ModelFile::add(const std::string& name, Tensor tensor, const void* data) {
  tensor.data = static_cast<const char*>(data);
  tensors_[name] = std::move(tensor);
}

void ModelFile::put(const std::string& name, const arma::mat& matrix) {
  Tensor tensor;
  tensor.shape = {matrix.n_rows, matrix.n_cols};
  tensor.by_columns = true;
  tensor.own = std::make_shared<const std::vector<double>>(matrix.begin(), matrix.end());
  const void* data = tensor.own->data();
  add(name, std::move(tensor), data);
}

void ModelFile::put(const std::string& name, const arma::vec& vector) {
  Tensor tensor;
  tensor.shape = {vector.n_elem};
  tensor.own = std::make_shared<const std::vector<double>>(vector.begin(), vector.end());
  const void* data = tensor.own->data();
  add(name, std::move(tensor), data);
}

void ModelFile::lend(const std::string& name, const arma::mat& matrix) {
  Tensor tensor;
  tensor.shape = {matrix.n_rows, matrix.n_cols};
  tensor.by_columns = true;
  add(name, std::move(tensor), matrix.memptr());
}

void ModelFile::lend(const std::string& name, const arma::vec& vector) {
  Tensor tensor;
  tensor.shape = {vector.n_elem};
  add(name, std::move(tensor), vector.memptr());
}

void ModelFile::lend(const std::string& name, const std::vector<double>& vector) {
  Tensor tensor;
  tensor.shape = {vector.size()};
  add(name, std::move(tensor), vector.data());
}

void ModelFile::lend(const std::string& name, const std::vector<std::int32_t>& vector) {
  Tensor tensor;
  tensor.type = Type::i32;
  tensor.shape = {vector.size()};
  add(name, std::move(tensor), vector.data());
}

void ModelFile::put_text(const std::string& name, const std::string& value) {
  texts_[name] = value;
}

void ModelFile::put_number(const std::string& name, double value) {
  texts_[name] = text_of_number(value, 17);
}

void ModelFile::put_texts(const std::string& name, const std::vector<std::string>& values) {
  std::string out = "[";
  for (std::size_t i = 0; i < values.size(); ++i) out += (i ? "," : "") + json::quoted(values[i]);
  texts_[name] = out + "]";
}

const ModelFile::Tensor& ModelFile::tensor(const std::string& name, Type type,
                                           std::size_t axes) const {
  const auto found = tensors_.find(name);
  require(found != tensors_.end(), Status::bad_format, "the model file has no tensor \"", name,
          "\"");
  require(found->second.type == type && found->second.shape.size() == axes, Status::bad_format,
          "tensor \"", name, "\" of the model file has ", found->second.shape.size(), " axes of ",
          found->second.type == Type::f64 ? "F64" : "I32", ", expected ", axes, " of ",
          type == Type::f64 ? "F64" : "I32");
  return found->second;
}

void ModelFile::adopt(const std::string& prefix, const ModelFile& part) {
  for (const auto& [name, tensor] : part.tensors_) tensors_[prefix + name] = tensor;
  for (const auto& [name, value] : part.texts_) texts_[prefix + name] = value;
}

ModelFile ModelFile::below(const std::string& prefix) const {
  ModelFile out;
  out.content_ = content_;
  const auto take = [&](const auto& from, auto& to) {
    for (auto entry = from.lower_bound(prefix);
         entry != from.end() && entry->first.compare(0, prefix.size(), prefix) == 0; ++entry)
      to[entry->first.substr(prefix.size())] = entry->second;
  };
  take(tensors_, out.tensors_);
  take(texts_, out.texts_);
  return out;
}

std::pair<std::size_t, std::size_t> ModelFile::matrix_size(const std::string& name) const {
  const Tensor& found = tensor(name, Type::f64, 2);
  return {found.shape[0], found.shape[1]};
}

arma::mat ModelFile::matrix(const std::string& name) const {
  const Tensor& found = tensor(name, Type::f64, 2);
  arma::mat out(found.shape[0], found.shape[1]);
  if (out.is_empty()) return out;
  for (std::size_t c = 0; c < out.n_cols; ++c)
    for (std::size_t r = 0; r < out.n_rows; ++r) {
      const std::size_t place = found.by_columns ? c * out.n_rows + r : r * out.n_cols + c;
      double value;
      std::memcpy(&value, found.data + 8 * place, 8);
      if (found.file_order) turn_to_file_order(reinterpret_cast<char*>(&value), 1, 8);
      out(r, c) = value;
    }
  return out;
}

std::vector<double> ModelFile::numbers(const std::string& name) const {
  const Tensor& found = tensor(name, Type::f64, 1);
  std::vector<double> out(found.count());
  if (!out.empty()) std::memcpy(out.data(), found.data, 8 * out.size());
  if (found.file_order) turn_to_file_order(reinterpret_cast<char*>(out.data()), out.size(), 8);
  return out;
}

arma::vec ModelFile::vector(const std::string& name) const {
  return arma::vec(numbers(name));
}

std::vector<std::int32_t> ModelFile::integers(const std::string& name) const {
  const Tensor& found = tensor(name, Type::i32, 1);
  std::vector<std::int32_t> out(found.count());
  if (!out.empty()) std::memcpy(out.data(), found.data, 4 * out.size());
  if (found.file_order) turn_to_file_order(reinterpret_cast<char*>(out.data()), out.size(), 4);
  return out;
}

const std::string& ModelFile::text_value(const std::string& name) const {
  const auto found = texts_.find(name);
  require(found != texts_.end(), Status::bad_format, "the model file has no entry \"", name, "\"");
  return found->second;
}

double ModelFile::number(const std::string& name) const {
  const std::string& value = text_value(name);
  double number = 0.0;
  require(number_of_text(value, number), Status::bad_format, "entry \"", name,
          "\" of the model file is not a number");
  return number;
}

double ModelFile::usable_number(const std::string& name) const {
  const double value = number(name);
  require(std::abs(value) <= 1e30, Status::bad_format, "\"", name, "\" of the model file is ",
          value, ", not a usable number");
  return value;
}

std::size_t ModelFile::count(const std::string& name, std::size_t least, std::size_t most) const {
  const double value = number(name);
  require(value >= static_cast<double>(least) && value <= static_cast<double>(most) &&
              value == std::floor(value),
          Status::bad_format, "\"", name, "\" of the model file is ", value,
          ", not a whole number from ", least, " to ", most);
  return static_cast<std::size_t>(value);
}

std::vector<std::string> ModelFile::texts(const std::string& name) const {
  std::vector<std::string> out = json::parse_texts(text_value(name));
  for (const std::string& item : out) require_one_line(item, name);
  return out;
}

std::vector<std::string> ModelFile::names(const std::string& name) const {
  std::vector<std::string> out = texts(name), sorted = out;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  require(twice == sorted.end(), Status::bad_format, "entry \"", name,
          "\" of the model file has \"", twice == sorted.end() ? std::string() : *twice,
          "\" twice");
  return out;
}

std::map<std::string, std::string> ModelFile::texts_below(const std::string& prefix) const {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : texts_)
    if (name.compare(0, prefix.size(), prefix) == 0) out[name.substr(prefix.size())] = value;
  return out;
}

std::vector<std::string> ModelFile::tensor_names() const {
  std::vector<std::string> out;
  for (const auto& [name, ignored] : tensors_) out.push_back(name);
  return out;
}

// Wide numbers first, so that every number is aligned.
std::vector<std::pair<std::string, const ModelFile::Tensor*>> ModelFile::in_file_order() const {
  std::vector<std::pair<std::string, const Tensor*>> out;
  for (const Type type : {Type::f64, Type::i32})
    for (const auto& [name, tensor] : tensors_)
      if (tensor.type == type) out.emplace_back(name, &tensor);
  return out;
}

std::string ModelFile::header() const {
  std::string header = "{\"__metadata__\":{";
  bool first = true;
  for (const auto& [name, value] : texts_) {
    header += (first ? "" : ",") + json::quoted(name) + ":" + json::quoted(value);
    first = false;
  }
  header += "}";
  std::size_t offset = 0;
  for (const auto& [name, tensor] : in_file_order()) {
    header += "," + json::quoted(name) + ":{\"dtype\":\"" +
              (tensor->type == Type::f64 ? "F64" : "I32") + "\",\"shape\":[";
    for (std::size_t a = 0; a < tensor->shape.size(); ++a)
      header += text(a ? "," : "", tensor->shape[a]);
    const std::size_t end = offset + tensor->bytes();
    header += text("],\"data_offsets\":[", offset, ",", end, "]}");
    offset = end;
  }
  header += "}";
  while ((kLengthBytes + header.size()) % 8 != 0) header.push_back(' ');  // numbers aligned
  require(header.size() <= kMostHeader, Status::invalid_argument,
          "the names and texts of the model ", "take ", header.size(), " bytes, more than the ",
          kMostHeader, " that are read again; ",
          "shorten the names of the cells, or leave them out");
  return header;
}

std::size_t ModelFile::byte_count() const {
  std::size_t count = kLengthBytes + header().size();
  for (const auto& [name, tensor] : tensors_) count += tensor.bytes();
  return count;
}

// The numbers as the file has them, with little memory of its own: a row at a time.
void ModelFile::write_tensor(const Tensor& tensor, const Sink& sink) {
  const std::size_t width = tensor.type == Type::f64 ? 8 : 4;
  const bool is_matrix = tensor.shape.size() == 2;
  const std::size_t rows = is_matrix ? tensor.shape[0] : 1;
  const std::size_t columns = is_matrix ? tensor.shape[1] : tensor.count();
  if (rows == 0 || columns == 0) return;
  if (!tensor.by_columns && (tensor.file_order || little_endian())) {
    sink(tensor.data, tensor.bytes());
    return;
  }
  std::vector<char> row(width * columns);
  for (std::size_t r = 0; r < rows; ++r) {
    if (tensor.by_columns)
      for (std::size_t c = 0; c < columns; ++c)
        std::memcpy(row.data() + width * c, tensor.data + width * (c * rows + r), width);
    else
      std::memcpy(row.data(), tensor.data + r * row.size(), row.size());
    if (!tensor.file_order) turn_to_file_order(row.data(), columns, width);
    sink(row.data(), row.size());
  }
}

void ModelFile::write_to(const Sink& sink) const {
  const std::string head = header();
  std::uint64_t length = head.size();
  char bytes[kLengthBytes];
  for (std::size_t k = 0; k < kLengthBytes; ++k, length >>= 8)
    bytes[k] = static_cast<char>(length & 0xff);
  sink(bytes, kLengthBytes);
  sink(head.data(), head.size());
  for (const auto& entry : in_file_order()) write_tensor(*entry.second, sink);
}

void ModelFile::copy_bytes(char* out) const {
  write_to([&out](const char* bytes, std::size_t count) {
    std::memcpy(out, bytes, count);
    out += count;
  });
}

std::string ModelFile::bytes() const {
  std::string out(byte_count(), '\0');
  copy_bytes(&out[0]);
  return out;
}

void ModelFile::write(const std::string& path) const {
  Replacement file(path);
  write_to([&file](const char* bytes, std::size_t count) { file.write(bytes, count); });
  file.put_in_place();
}

}  // namespace laot
