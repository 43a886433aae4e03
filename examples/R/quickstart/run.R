# The quickstart: fits LAOT to real cells, scores it beside the trivial predictors and the noise
# reference, prints a table and draws a picture.
#
#   Rscript examples/R/quickstart/run.R OUTPUT_FOLDER [FOLDER_WITH_THE_BLOOD_CELLS [SPLITS]]

arguments <- commandArgs(trailingOnly = TRUE)
out <- arguments[[1]]
data_folder <- if (length(arguments) > 1) arguments[[2]] else ""
seeds <- seq_len(if (length(arguments) > 2) as.integer(arguments[[3]]) else 20L)
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
for (part in c("data.R", "scores.R", "table.R", "picture.R")) source(file.path(here, part))

blood <- blood_cells(data_folder, file.path(out, "downloads"))
muscle <- myoblasts()
muscle_targets <- c("24 h", "48 h", "72 h")

tasks <- lapply(muscle_targets, function(target)
  list(title = paste("Myoblasts, 0 h to", target), short = paste("Myoblasts", target),
       data = muscle, control = "0 h", target = target))
if (!is.null(blood)) {
  tasks <- c(list(list(title = "Blood cells, control to interferon-beta", short = "Blood cells",
                       data = blood, control = "ctrl", target = "stim")), tasks)
}

cat("\n", tasks[[1]]$title, ", one fit:\n\n", sep = "")
print(fit_split(tasks[[1]], seed = 1)$fit)

scores <- NULL
for (task in tasks) {
  started <- proc.time()[["elapsed"]]
  found <- score_task(task, seeds)
  scores <- rbind(scores, found)
  print_table(task, found)
  message(sprintf("(%.0f s)", proc.time()[["elapsed"]] - started))
}
print_how_to_read()

utils::write.csv(scores, file.path(out, "scores.csv"), row.names = FALSE)
picture <- file.path(out, "quickstart.png")
draw_picture(picture, tasks[[1]], scores)
cat("\nPicture: ", picture, "\nScores of every split: ", file.path(out, "scores.csv"),
    "\n", sep = "")
