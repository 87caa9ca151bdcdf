/// temporary until the catalogue's author's file arrives
public enum CSVError: Error { case a }
public enum CSV { public static func parse(_ t: String) throws(CSVError) -> [[String]] { [] } }
