print("phi")
