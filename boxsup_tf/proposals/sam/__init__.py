"""Models of the kind of Segment Anything: an image encoder, and a decoder prompted with boxes.

A. Kirillov et al. Segment Anything. ICCV 2023 (arXiv 2304.02643), Sec. 3 and Appendix A. A back end
per file: `load(model)` gives a `prompted_model.PromptedModel`.
"""
