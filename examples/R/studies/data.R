# The cells of the studies: values (features x cells) and labels (one row a cell).

table_cells <- function(file, label.columns, drop = character()) {
  table <- utils::read.csv(file, check.names = FALSE)
  missing <- setdiff(label.columns, names(table))
  if (length(missing)) stop(file, " has no column ", missing[1L], call. = FALSE)
  values <- t(as.matrix(table[setdiff(names(table), c(label.columns, drop))]))
  if (!is.numeric(values))
    stop(file, " has columns of text beside the labels; name them in drop=", call. = FALSE)
  dimnames(values) <- list(rownames(values), paste0("cell", seq_len(ncol(values))))
  labels <- table[label.columns]
  labels[] <- lapply(labels, as.character)
  list(values = values, labels = labels)
}

# file=: a table (CSV, may be gzip) of one row a cell, with features in columns and labels in the
# columns that condition= and, where a study has contexts, context= name; or a SingleCellExperiment
# in an .rds file, with these in colData and the assay logcounts. control= and target= name
# conditions (without target: all others), drop= columns that are neither, with commas.
own_cells <- function(arguments, context = FALSE) {
  columns <- c(condition = arguments$condition, context = if (context) arguments$context)
  if (is.null(arguments$control) || length(columns) < 1L + context) {
    stop("with file= give condition= and control=", if (context) ", and context=", call. = FALSE)
  }
  if (grepl("[.]rds$", arguments$file)) {
    object <- readRDS(arguments$file)
    values <- as.matrix(SummarizedExperiment::assay(object, "logcounts"))
    labels <- as.data.frame(SummarizedExperiment::colData(object))[columns]
    labels[] <- lapply(labels, as.character)
    cells <- list(values = values, labels = labels)
  } else {
    drop <- if (is.null(arguments$drop))
      character() else strsplit(arguments$drop, ",", fixed = TRUE)[[1L]]
    cells <- table_cells(arguments$file, unname(columns), drop)
  }
  names(cells$labels) <- names(columns)
  wanted <- c(arguments$control, if (!is.null(arguments$target)) strsplit(arguments$target, ",",
      fixed = TRUE)[[1L]])
  kept <- if (length(wanted) > 1L) cells$labels$condition %in% wanted else TRUE
  list(values = cells$values[, kept, drop = FALSE], labels = cells$labels[kept, , drop = FALSE],
       control = arguments$control)
}

counts_of <- function(folder, name) {
  counts <- methods::as(Matrix::readMM(file.path(folder, paste0(name, ".mtx.gz"))), "CsparseMatrix")
  set <- sub("_.*", "", name)
  genes <- utils::read.csv(file.path(folder, paste0(set, "_genes.csv.gz")))
  list(counts = counts, genes = make.unique(as.character(genes[[ncol(genes)]])),
       first = genes[[1L]],
       cells = utils::read.csv(file.path(folder, paste0(set, "_cells.csv.gz"))))
}

# log2(count / size factor + 1), the size factor being the cell's total over the mean total.
normalised <- function(counts) {
  size <- Matrix::colSums(counts)
  log2(as.matrix(counts %*% Matrix::Diagonal(x = mean(size) / size)) + 1)
}

most_variable <- function(values, count) {
  variance <- rowMeans(values^2) - rowMeans(values)^2
  values[sort(order(-variance)[seq_len(min(count, nrow(values)))]), , drop = FALSE]
}

named_cells <- function(values, labels) {
  colnames(values) <- paste0("cell", seq_len(ncol(values)))
  list(values = values, labels = labels)
}

# Bodenmiller et al., Nature Biotechnology 2012: six donors, 24 proteins, asinh(x / 5).
blood_donors <- function(folder) {
  cells <- table_cells(file.path(folder, "bcrxl_cells.csv.gz"), c("donor", "condition"), "event")
  cells$values <- asinh(cells$values / 5)
  cells$labels <- data.frame(condition = cells$labels$condition,
                             context = paste("donor", cells$labels$donor))
  c(cells, control = "ref")
}

# The same paper: one reference, a weak and a strong stimulus, 23 proteins.
stimulated_blood <- function(folder) {
  cells <- table_cells(file.path(folder, "pbmcstim_cells.csv.gz"), c("condition", "cell_type"))
  c(cells, control = "reference")
}

# Kang et al., Nature Biotechnology 2018: interferon-beta, `count` most variable genes.
interferon <- function(folder, count) {
  all <- counts_of(folder, "pbmc_counts")
  values <- normalised(all$counts)
  rownames(values) <- all$genes
  c(named_cells(most_variable(values, count), data.frame(condition = all$cells$condition)),
    control = "ctrl")
}

# Zhao et al., Genome Medicine 2021: glioblastoma slices of five patients, panobinostat.
glioblastoma <- function(folder, count) {
  all <- counts_of(folder, "gbm_counts")
  values <- normalised(all$counts)
  rownames(values) <- make.unique(as.character(all$first))
  c(named_cells(most_variable(values, count),
                data.frame(condition = all$cells$condition, context = all$cells$patient)),
                control = "ctrl")
}

# Kang et al.: two donors, five cell types.
lupus_donors <- function(folder, count) {
  all <- counts_of(folder, "kang2_counts")
  values <- normalised(all$counts)
  rownames(values) <- all$genes
  c(named_cells(most_variable(values, count),
                data.frame(condition = all$cells$condition,
                           context = paste("donor", all$cells$donor),
                           cell_type = all$cells$cell_type)), control = "ctrl")
}

# Panchy et al.: MCF10A with TGF-beta, 208 genes, three doses (pM).
breast_doses <- function(folder) {
  cells <- table_cells(file.path(folder, "mcf10a_dose_cells.csv.gz"), "dose_pM", c("cell", "phase"))
  cells$labels <- data.frame(condition = paste(cells$labels$dose_pM, "pM"),
                             dose = as.numeric(cells$labels$dose_pM))
  c(cells, control = "0 pM")
}

# Hartmann et al., Nature Biotechnology 2021: T cells, 15 proteins, days 0 to 5.
t_cells <- function(folder) {
  cells <- table_cells(file.path(folder, "tcell_cells.csv.gz"), "day")
  list(values = cells$values, time = as.numeric(cells$labels$day), unit = "days")
}

# Trapnell et al., Nature Biotechnology 2014: myoblasts, 50 genes, hours 0 to 72.
myoblast_course <- function(folder) {
  cells <- table_cells(file.path(folder, "hsmm_top50_log1p.csv.gz"), "hours", "cell")
  list(values = cells$values, time = as.numeric(cells$labels$hours), unit = "hours")
}

# Schiebinger et al., Cell 2019: reprogramming, serum arm, 50 most variable genes of 1479.
reprogramming <- function(folder) {
  all <- counts_of(folder, "reprog_log")
  values <- as.matrix(all$counts)
  rownames(values) <- all$genes
  cells <- named_cells(most_variable(values, 50L), NULL)
  list(values = cells$values, time = as.numeric(all$cells$day), unit = "days")
}

# Weinreb et al., Science 2020: state and clone, 50 most variable genes; days 4 and 6.
clones <- function(folder, count = 50L) {
  all <- counts_of(folder, "larry_normed")
  values <- log1p(as.matrix(all$counts))
  rownames(values) <- make.unique(as.character(all$first))
  kept <- all$cells$day %in% c(4, 6)
  labels <- all$cells[kept, c("day", "state", "clone")]
  labels[] <- lapply(labels, as.character)
  named_cells(most_variable(values[, kept], count), labels)
}
