"""XTREME-R (Ruder et al., EMNLP 2021) and XTREME (Hu et al., ICML 2020)."""
