"""When charts may be closed without touch: what is proven, what is not any more, and which chart qualifies; pure.

`policy` is what a hospital chooses, `confidence` and `drift` are the statistics, `modes` says what follows from them,
`verdict` judges a chart, `answer` compares codings; `seeds` and `pace` guard against accepting without looking.
"""
