"""The methods of the Web API, a module for each family, a function for each method."""
