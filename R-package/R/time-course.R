# How fast cells move in a time course: L of the theorem, in the units of the data or of a fit.

# Seconds in a unit of time, by the ways in which it is written; a year is 365.25 days, a month a
# twelfth of it.
time.units <- c(ms = 1e-3, msec = 1e-3, millisecond = 1e-3, s = 1, sec = 1, second = 1, m = 60,
                min = 60, minute = 60, h = 3600, hr = 3600, hour = 3600, d = 86400, day = 86400,
                w = 604800, wk = 604800, week = 604800, mo = 2629800, month = 2629800,
                y = 31557600, yr = 31557600, year = 31557600)

# Beside these "m" may be minutes or months.
units.beside.months <- c("w", "wk", "week", "mo", "month", "y", "yr", "year")

# The name in time.units, NA for another word. "M" may be minutes or months.
unit_of_word <- function(word) {
  small <- tolower(word)
  known <- match(small, names(time.units))
  many <- is.na(known) & nchar(small) > 2L
  known[many] <- match(sub("s$", "", small[many]), names(time.units))
  known[word == "M"] <- NA
  names(time.units)[known]
}

# "1:30" is read as hours and minutes, "1:30:15" with seconds.
clock.form <- "^[0-9]+(:[0-5][0-9]){1,2}$"

clock_hours <- function(label) {
  parts <- as.numeric(strsplit(label, ":", fixed = TRUE)[[1L]])
  sum(parts / c(1, 60, 3600)[seq_along(parts)])
}

# number, unit as time.units has it ("" without) and word, where it is no unit: of "24h", "30 min",
# "day7", "D0", "t2", "-1.5", "1h30min". NA: no time.
parsed_times <- function(labels) {
  out <- lapply(trimws(labels), function(label) {
    of <- list(number = NA_real_, unit = "", word = "")
    if (grepl(clock.form, label)) return(list(number = clock_hours(label), unit = "h", word = ""))
    number <- "[-+]?[0-9]*[.]?[0-9]+(?:[eE][-+]?[0-9]+)?"
    form <- paste0("^([A-Za-z]*)[ _.-]*?(", number, ")[ _.-]*([A-Za-z]*)[ _.-]*(.*)$")
    part <- regmatches(label, regexec(form, label, perl = TRUE))[[1L]]
    if (!length(part)) return(of)
    # A decimal comma, a share or a clock is not the number before it.
    if (grepl("^[:,/] *[0-9]", part[5L])) return(of)
    of$number <- as.numeric(part[3L])
    word <- if (nzchar(part[4L])) part[4L] else part[2L]
    unit <- unit_of_word(word)
    if (is.na(unit)) of$word <- word else of$unit <- unit
    rest <- part[5L]
    if (!grepl("^[0-9]", rest)) return(of)
    # A further part is one with its own unit, as of hours and minutes.
    more <- parsed_times(rest)
    if (is.na(unit) || is.na(more$number) || !nzchar(more$unit)) return(list(number = NA_real_,
                                                                            unit = "", word = ""))
    of$number <- of$number + more$number * time.units[[more$unit]] / time.units[[unit]]
    of
  })
  part <- function(name, kind) vapply(out, `[[`, kind, name)
  data.frame(number = part("number", 0), unit = part("unit", ""), word = part("word", ""))
}

# "24h" is 24; NA where there is no number. Of several units all numbers are given in that of the
# largest time. 0 is the same in every unit.
times_of_labels <- function(labels) {
  found <- parsed_times(labels)
  counts <- !is.na(found$number) & found$number != 0
  units <- unique(found$unit[!is.na(found$number) & nzchar(found$unit)])
  words <- unique(found$word[counts & !nzchar(found$unit)])
  doubtful <- which(counts & found$unit == "m")
  long <- which(counts & found$unit %in% units.beside.months)
  if (length(doubtful) && length(long)) {
    fail("time has ", quoted(labels[doubtful[1L]]), " beside ", quoted(labels[long[1L]]),
         ", where m may be minutes or months; write \"min\" or \"mo\" for it")
  }
  if (length(words) > 1L || (length(units) && any(nzchar(words)))) {
    fail("time has ", listed(c(units, ifelse(nzchar(words), words, "no unit"))),
         ", which cannot be compared; give all a unit of time, such as \"30min\" and \"2h\", or ",
         "plain numbers")
  }
  if (length(units) && length(words)) {
    bare <- counts & !nzchar(found$unit)
    fail("time has the units ", listed(units), " and numbers without one, such as ",
         quoted(labels[bare][1L]), "; give all a unit, or plain numbers")
  }
  if (length(unique(time.units[units])) < 2L)
    return(structure(found$number, unit = c(units, "")[1L]))
  with.unit <- which(counts & nzchar(found$unit))
  seconds <- found$number * ifelse(nzchar(found$unit), time.units[found$unit], 1)
  unit <- found$unit[with.unit[which.max(seconds[with.unit])]]
  structure(seconds / time.units[[unit]], unit = unit)
}

time_of_cells <- function(time, source, say = message) {
  count <- value_dim(source$values)[2L]
  if (is.numeric(time) && length(time) == count)
    return(as.double(in_cell_order(time, value_dimnames(source$values)[[2L]], "time")))
  labels <- labels_of(time, source, "time")
  number <- times_of_labels(levels(labels))
  if (anyNA(number)) {
    found <- levels(labels)[is.na(number)][1L]
    fail("time must be numbers, or texts with one, such as \"24h\" or \"day 7\"; found ",
         quoted(found), if (grepl("^[0-9]{4}-[0-9]{2}-[0-9]{2}", found))
           "; of dates give the time since the first, as difftime() has it" else
             "; the cells of the start have time 0")
  }
  twice <- number[duplicated(number)]
  if (length(twice)) {
    same <- levels(labels)[number == twice[1L]]
    say("The times ", listed(same), " are taken as one")
  }
  clock <- grep(clock.form, trimws(levels(labels)), value = TRUE)
  if (length(clock))
    say("Times such as ", clock[1L], " are read as hours and minutes")
  plain <- parsed_times(levels(labels))$number
  if (!isTRUE(all.equal(as.numeric(number), plain)))
    say("Times are given in ", attr(number, "unit"))
  as.numeric(number)[as.integer(labels)]
}

# The number of a time that is given as the cells' labels have it, or as a number.
time_of_label <- function(label, time, source, times) {
  if (!is.character(label) && !is.factor(label)) return(label)
  labels <- trimmed(as.character(suppressMessages(labels_of(time, source, "time"))))
  at <- match(trimmed(as.character(label)), labels)
  if (length(at) == 1L && !is.na(at)) times[at] else
    as.numeric(parsed_times(trimmed(as.character(label)))$number)
}

# course: a list of matrices, features x cells, named by their times, which increase.
course_rates <- function(course, settings) {
  found <- native(.Call(C_rates,
                        lapply(unname(course), function(cells) list(values = unname(cells))),
                  as.numeric(names(course)), c(0.5, 0.95), settings))$tables$rates
  data.frame(from = found$from, to = found$to, mean = found$mean, mean.low = found$mean_low,
             mean.high = found$mean_high, median = found$quantile_0.5, q95 = found$quantile_0.95,
             q95.low = found$last_low, q95.high = found$last_high, largest = found$largest,
             floor = found$floor)
}

# L: the 95% quantile of the fastest step, with its interval; NULL where nothing moves.
rate_of_course <- function(rates) {
  fastest <- rates[which.max(rates$q95), ]
  if (fastest$q95 > 0) c(value = fastest$q95, low = fastest$q95.low, high = fastest$q95.high)
}

# The rates of a time course in the feature space of a fit, each time about its own mean where the
# fit centres each population so: then the common shift is no movement, as it is none to the
# pairing.
rates_in_feature_space <- function(fit, course, time, settings) {
  source <- read_like(fit, course, list(), "time.course")
  times <- time_of_cells(time, source)
  at <- match_features(fit$features, feature_count(fit), source$values, "time.course", "the fit")
  kept <- sort(unique(times[!is.na(times)]))
  if (length(kept) < 2L) {
    fail("time.course needs cells of at least two times, found ",
         if (length(kept)) paste("only time", kept) else "none with a time")
  }
  about <- if (fit$params[["center"]] == "own") "own" else "control"
  encoded <- lapply(stats::setNames(kept, kept), function(when) {
    cells <- cells_of(source$values, which(times == when), at, with.names = FALSE)
    native(.Call(C_encode, model_pointer(fit), cells, about, settings))
  })
  course_rates(encoded, settings)
}

# The time between the populations of a fit whose conditions are the times of the course.
gap_of_conditions <- function(fit, time) {
  if (!identical(fit$condition, time)) return(NULL)
  gap <- diff(as.numeric(times_of_labels(c(fit$control, fit$target))))
  if (isTRUE(gap > 0)) gap
}
