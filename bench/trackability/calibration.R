# Rscript bench/trackability/calibration.R rows.csv figure.svg: draws what
# laot_trackability_calibration wrote. Experiments by how far partners lie from where the map sends
# cells, and what share of their true pairs was really found; dashed, the two limits of the verdict.
arguments <- commandArgs(trailingOnly = TRUE)
rows <- utils::read.csv(arguments[1])
truth <- ifelse(rows$design == "anew", "drawn anew: no true pairs",
                as.character(cut(rows$truth, c(-1, 0.5, 0.9, 2), right = FALSE,
                                 c("less than half found", "half or more", "9 in 10 or more"))))
levels <- c("9 in 10 or more", "half or more", "less than half found", "drawn anew: no true pairs")
colours <- c("#0072B2", "#56B4E9", "#E69F00", "#D55E00")
width <- 0.05
last <- 1.3
bin <- factor(floor(pmin(rows$residual_over_spacing, last - width / 2) / width),
              0:(last / width - 1))
counts <- table(factor(truth, levels), bin)
grDevices::svg(arguments[2], width = 7, height = 3.8, pointsize = 11)
graphics::par(mar = c(4.5, 4.5, 1, 1))
middles <- graphics::barplot(counts, space = 0, col = colours, border = NA, las = 1,
                             names.arg = rep("", ncol(counts)),
                             ylab = "simulated experiments",
                             ylim = c(0, 1.02 * max(colSums(counts)[-1])),
                             xlab = paste("residual of the pairs, over the distance",
                                          "between nearest neighbours"))
at <- seq(0, last, 0.25)
graphics::axis(1, at / width, at)
graphics::abline(v = c(0.75, 0.85) / width, lty = 2, col = "grey30")
graphics::legend("topleft", levels, fill = colours, border = NA, bty = "n", cex = 0.9,
                 inset = c(0.12, 0.02))
invisible(grDevices::dev.off())
