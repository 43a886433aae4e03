# One row of the quickstart's picture, small enough for a page.
#
#   Rscript examples/R/quickstart/readme_picture.R FILE FOLDER_WITH_THE_BLOOD_CELLS
arguments <- commandArgs(trailingOnly = TRUE)
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
for (part in c("data.R", "scores.R", "picture.R")) source(file.path(here, part))

task <- list(title = "Blood cells, control to interferon-beta", short = "Blood cells",
             data = blood_cells(arguments[[2]], tempfile()), control = "ctrl", target = "stim")
split <- fit_split(task, seed = 1)
grDevices::png(arguments[[1]], width = 1000, height = 430, res = 90)
print(plot_components(task, predictions_of(task, split)) +
        theme(plot.background = element_rect(fill = "white", colour = NA)))
invisible(grDevices::dev.off())
