"""The paper's data sets in small: generated images in the layouts in which the real ones are
published."""
