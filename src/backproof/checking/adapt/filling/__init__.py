"""From the roles of a case to the arguments of the user's call, and to the instance that takes it."""
