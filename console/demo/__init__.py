"""A serving cluster to try Guildhall with: real MLServer, real models, trained at the first start."""
