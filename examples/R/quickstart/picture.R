# One picture: predicted and observed cells on common components, marginals of a few genes, and the
# scores of every data set.

suppressPackageStartupMessages(library(ggplot2))

# Those of plot(fit): observed cells are treated ones.
colours <- c(control = "#8C8C8C", observed = "#D55E00", predicted = "#0072B2")

look <- function() {
  theme_minimal(base_size = 13) +
    theme(panel.grid.minor = element_blank(), plot.title = element_text(face = "bold", size = 15),
          plot.subtitle = element_text(colour = "grey35", size = 11.5),
          plot.title.position = "plot", strip.text = element_text(face = "bold", hjust = 0),
          panel.border = element_rect(colour = "grey85", fill = NA), legend.position = "top",
          legend.justification = "left", legend.title = element_blank(),
          legend.box.spacing = grid::unit(2, "pt"), legend.margin = margin(2, 0, 2, 0),
          plot.margin = margin(10, 14, 6, 10))
}

draw_picture <- function(file, task, scores) {
  split <- fit_split(task, seed = 1)
  shown <- predictions_of(task, split)
  grDevices::png(file, width = 2000, height = 2300, res = 150)
  on.exit(grDevices::dev.off())
  grid::grid.newpage()
  grid::pushViewport(grid::viewport(layout = grid::grid.layout(3, 1, heights = c(1.1, 0.85, 1.15))))
  plots <- list(plot_components(task, shown), plot_marginals(shown), plot_scores(scores))
  for (row in seq_along(plots))
    print(plots[[row]], vp = grid::viewport(layout.pos.row = row, layout.pos.col = 1))
}

# Dense matrices over the features of the fit: test cells, observed and predicted.
predictions_of <- function(task, split) {
  shift <- laot::fit_trivial(split$train, condition = "condition", control = task$control,
                             target = task$target, method = "mean_shift", verbose = FALSE)
  predicted <- stats::predict(split$fit, split$test_controls)
  features <- rownames(predicted)
  values <- function(cells) as.matrix(SummarizedExperiment::assay(cells, "logcounts"))[features, ]
  list(control = values(split$test_controls), observed = values(split$test_treated),
       LAOT = values(predicted), `Mean shift` = values(stats::predict(shift, split$test_controls)))
}

# The test cells on the two first components of the observed ones, one panel a predictor.
plot_components <- function(task, shown) {
  real <- cbind(shown$control, shown$observed)
  centre <- rowMeans(real)
  axes <- svd(real - centre, nu = 2, nv = 0)$u
  place <- function(cells) as.data.frame(t(crossprod(axes, cells - centre)))
  panels <- c("No change (the controls themselves)" = "control", "Mean shift" = "Mean shift",
              "LAOT" = "LAOT")
  points <- do.call(rbind, lapply(names(panels), function(panel) rbind(
    cbind(place(shown$observed), panel = panel, cells = "observed"),
    cbind(place(shown[[panels[[panel]]]]), panel = panel, cells = "predicted"))))
  points$panel <- factor(points$panel, names(panels))
  ggplot(points, aes(V1, V2, colour = cells)) +
    geom_point(size = 1.7, alpha = 0.6, stroke = 0) +
    geom_density_2d(bins = 6, linewidth = 0.45, alpha = 0.8, show.legend = FALSE) +
    geom_blank(aes(V1 * 1.3, V2 * 1.2)) +
    facet_wrap(~panel) +
    scale_colour_manual(values = colours,
                        labels = c(observed = "treated cells, held out",
                                   predicted = "predicted from held-out controls")) +
    guides(colour = guide_legend(override.aes = list(size = 3, alpha = 1))) +
    labs(title = task$title, x = "component 1", y = "component 2",
         subtitle = "Test cells of one split on the components of the real ones") +
    look()
}

# Genes whose mean moves most, and among the rest those whose spread changes most.
telling_genes <- function(shown) {
  change <- abs(rowMeans(shown$observed) - rowMeans(shown$control))
  spread <- abs(apply(shown$observed, 1, stats::sd) - apply(shown$control, 1, stats::sd))
  moved <- names(sort(change, decreasing = TRUE))[1:3]
  c(moved, setdiff(names(sort(spread, decreasing = TRUE)), moved)[1:3])
}

plot_marginals <- function(shown) {
  genes <- telling_genes(shown)
  kinds <- c(control = "control", observed = "observed", LAOT = "predicted")
  values <- do.call(rbind,
                    lapply(names(kinds), function(kind) do.call(rbind, lapply(genes, function(gene)
    data.frame(gene = gene, cells = kinds[[kind]], value = shown[[kind]][gene, ])))))
  values$gene <- factor(values$gene, genes)
  values$cells <- factor(values$cells, unname(kinds))
  ggplot(values, aes(value, colour = cells, fill = cells)) +
    geom_density(aes(y = after_stat(scaled)), alpha = 0.18, linewidth = 0.8) +
    # Room for the tails, which end where the scale does.
    geom_blank(aes(value * 1.15 - 0.4)) +
    facet_wrap(~gene, nrow = 1, scales = "free_x") +
    scale_colour_manual(values = colours, aesthetics = c("colour", "fill"),
                        labels = c(control = "control", observed = "treated",
                                   predicted = "predicted by LAOT")) +
    scale_x_continuous(breaks = scales::breaks_pretty(3)) +
    scale_y_continuous(breaks = NULL) +
    labs(title = "Single genes", x = "log expression", y = "density",
         subtitle = "The three whose mean moves most, and three whose spread changes") +
    look()
}

# Without "no change", which would squeeze the others together.
plot_scores <- function(scores) {
  scores <- scores[scores$method != "identity", ]
  groups <- split(scores, scores[c("task", "metric", "method")], drop = TRUE)
  summary <- do.call(rbind, lapply(groups, function(rows)
    cbind(rows[1, c("task", "metric", "method")], mean = mean(rows$value),
          sd = stats::sd(rows$value))))
  summary$task <- factor(summary$task, unique(scores$task))
  summary$metric <- factor(metrics[summary$metric], metrics)
  summary$kind <- ifelse(summary$method == "laot", "predicted",
                         ifelse(summary$method == "noise_reference", "observed", "control"))
  summary$method <- factor(predictors[summary$method], rev(predictors))
  best <- data.frame(metric = factor(metrics[c("mmd2", "sd_ratio")], metrics), at = c(0, 1))
  ggplot(summary, aes(mean, method, colour = kind)) +
    geom_vline(data = best, aes(xintercept = at), colour = "grey60", linetype = "dashed") +
    geom_linerange(aes(xmin = mean - sd, xmax = mean + sd), linewidth = 1) +
    geom_point(size = 2.8) +
    facet_wrap(~metric + task, ncol = length(unique(scores$task)), scales = "free_x",
               labeller = function(labels) list(paste(labels$task, labels$metric, sep = ": "))) +
    scale_colour_manual(values = colours, guide = "none") +
    labs(title = paste("Scores, mean and sd over", length(unique(scores$seed)), "splits"),
         x = NULL, y = NULL,
         subtitle = paste(
           "MMD\u00b2 and W2: lower is closer to the held-out treated cells; sd ratio:",
                          "best at 1. The noise reference is what real treated cells score")) +
    look() + theme(strip.text = element_text(size = 10), panel.spacing.x = grid::unit(10, "pt"))
}
