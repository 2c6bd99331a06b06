"""The experiments of the paper as files (`rows/`), and what runs them."""
