"""Before the judgement: what a candidate is, how it is called, and on which cases."""
