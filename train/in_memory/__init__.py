"""Training on data in memory in one call: `zoo.fit`, and the estimators of `zoo.sklearn`."""
