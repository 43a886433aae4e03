# Work that outlives its session: the file that holds the state of a training, or the fit of a
# condition.

checked_checkpoint <- function(checkpoint, seconds) {
  if (is.null(checkpoint)) return(NULL)
  one_string(checkpoint, "checkpoint")
  if (!is.numeric(seconds) || length(seconds) != 1L || is.na(seconds) || seconds < 0 ||
      seconds > 1e9) {
    fail("checkpoint.seconds must be one number of at least 0, found ", shown(seconds))
  }
  path <- path.expand(checkpoint)
  if (dir.exists(path)) fail("checkpoint must be a file, and ", quoted(checkpoint), " is a folder")
  list(path = path, seconds = as.double(seconds))
}

# "run.ckpt" and "seed3" make "run-seed3.ckpt".
checkpoint_for <- function(checkpoint, what) {
  if (is.null(checkpoint)) return(NULL)
  what <- gsub("[^A-Za-z0-9._-]", "_", what)
  ending <- regmatches(checkpoint$path, regexpr("[.][^./\\]*$", checkpoint$path))
  stem <- substr(checkpoint$path, 1L, nchar(checkpoint$path) - sum(nchar(ending)))
  checkpoint$path <- paste0(stem, "-", what, ending)
  checkpoint
}

# A run that drew its seed goes on with the same one. NULL where there is no checkpoint.
checkpoint_seed <- function(files) {
  there <- files[file.exists(files)]
  if (length(there)) .Call(C_checkpoint_seed, enc2native(there[1L]))
}

# Ctrl-C passes through, and leaves a word on how to go on.
tell_of_checkpoint <- function(expression, files) {
  if (is.null(files)) return(expression)
  withCallingHandlers(expression, interrupt = function(condition) {
    there <- files[file.exists(files)]
    if (!length(there)) return()
    message("Interrupted; the same call goes on from where ",
            if (length(files) == 1L) paste("the training in", there) else
      paste0("it stands: ", length(there), " of ", counted(length(files), "condition"),
             " in files such as ", there[1L]))
  })
}
