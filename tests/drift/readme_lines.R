# Whether the first R lines of README.md print what stands below them:
#   Rscript tests/drift/readme_lines.R README.md FOLDER_OF_THE_VIGNETTES
# Names the lines (`#>`) that nothing printed.

arguments <- commandArgs(trailingOnly = TRUE)
readme <- readLines(arguments[1L])
fences <- grep("^```", readme)
first <- which(readme[fences] == "```r")[1L]
block <- readme[(fences[first] + 1L):(fences[first + 1L] - 1L)]
setwd(arguments[2L])
source("pbmc.R")
suppressPackageStartupMessages(library(SingleCellExperiment))

# log2(x + 1) of the 2000 cells by their library sizes, all genes.
counts <- pbmc_counts()
size <- Matrix::colSums(counts)
values <- Matrix::t(Matrix::t(counts) / (size / mean(size)))
values@x <- log2(values@x + 1)
colnames(values) <- paste0("cell", seq_len(ncol(values)))
sce <- SingleCellExperiment(list(logcounts = values),
                            colData = DataFrame(condition = rep(c("ctrl", "stim"), each = 1000)))

shown <- grepl("^#>", block)
printed <- utils::capture.output(suppressMessages(
  source(textConnection(block[!shown]), echo = FALSE, print.eval = TRUE)))
plain <- function(lines) trimws(gsub("[[:space:]]+", " ", lines))
missing <- setdiff(plain(sub("^#>", "", block[shown])), plain(printed))
if (length(missing)) writeLines(c("README.md shows, and nothing printed:", missing))
quit(status = length(missing) > 0L)
