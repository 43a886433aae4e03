// Named tensors and texts in one safetensors file: eight bytes of header length, a JSON header with
// type, shape and place of every tensor, then the numbers, little-endian and row-major.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "laot/armadillo.hpp"

namespace laot {

/// What a model saves to and loads from. Doubles only: a matrix [rows, cols] stands row by row, so
/// that an independent reader sees the same axes as the documentation; a vector has one axis.
class ModelFile {
 public:
  void put(const std::string& name, const arma::mat& matrix);
  void put(const std::string& name, const arma::vec& vector);
  void put_text(const std::string& name, const std::string& value);
  void put_number(const std::string& name, double value);
  void put_texts(const std::string& name, const std::vector<std::string>& values);

  bool has(const std::string& name) const { return tensors_.count(name) > 0; }
  bool has_text(const std::string& name) const { return texts_.count(name) > 0; }
  arma::mat matrix(const std::string& name) const;
  arma::vec vector(const std::string& name) const;
  const std::string& text_value(const std::string& name) const;
  double number(const std::string& name) const;
  std::vector<std::string> texts(const std::string& name) const;
  /// Every text whose name begins with `prefix`, without it.
  std::map<std::string, std::string> texts_below(const std::string& prefix) const;
  std::vector<std::string> tensor_names() const;

  std::string bytes() const;
  /// The same into the caller's memory of byte_count() bytes.
  std::size_t byte_count() const;
  void copy_bytes(char* out) const;
  /// Trusts nothing: lengths, offsets, shapes and types are checked before they are used. Throws
  /// bad_format with what is wrong.
  static ModelFile parse(const char* bytes, std::size_t size);

  /// Writes to a temporary file beside `path` and renames it, so that a failure leaves no half
  /// file.
  void write(const std::string& path) const;
  static ModelFile read(const std::string& path);

 private:
  struct Tensor {
    std::vector<std::size_t> shape;
    std::vector<double> values;  // row-major
  };
  const Tensor& tensor(const std::string& name, std::size_t axes) const;
  std::string header() const;

  std::map<std::string, Tensor> tensors_;
  std::map<std::string, std::string> texts_;
};

}  // namespace laot
