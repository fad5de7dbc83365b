"""The services held against what their OpenAPI documents promise."""
