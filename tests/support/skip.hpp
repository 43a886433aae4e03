// Saying that a test case has not been run, so that it counts as skipped and not as passed.
#pragma once

#include <string>

/// The running case lacks what it needs. It is to return after this.
void skip_case(const std::string& why);
