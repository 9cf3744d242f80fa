"""Metrics over plain arrays and texts: one family per file, each as per-example sums that can be resampled.

ranking     N@10, H@1, P@5 from ranked titles          rating      RMSE
accuracy    ACC                                        text        BLEU-1&2, ROUGE-1&2&L (extra [eval])
sample      a metric as sums over examples             bootstrap   intervals, paired comparison
bounds      what NDCG hit rates allow                  bm25        shared words, weighed
signature   which definition a number follows          optional    libraries of extras, imported on first use

Nothing is imported here, so that scoring ratings does not load the text libraries.
"""
