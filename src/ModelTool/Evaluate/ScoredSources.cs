using StreamScorer.Shared.Infer;

namespace ModelTool.Evaluate;

/// <summary>Opens scored files and bundles, and closes them all.</summary>
internal sealed class ScoredSources(string labelled, LabelledColumns columns, InferOptions infer, TextWriter? progress) : IDisposable
{
    private readonly List<IDisposable> _open = [];

    /// <summary>A folder is a bundle, a file is scored lines.</summary>
    public ScoredInput Open(string path) => Directory.Exists(path) ? OpenBundle(path) : OpenFile(path);

    public ScoredInput OpenFile(string path)
    {
        if (Directory.Exists(path))
        {
            throw new ToolException($"{path} is a folder, not scored lines: name a bundle with --bundle.");
        }

        if (columns.Where.Count > 0)
        {
            throw new ToolException($"--where is for bundles, and {path} is scored already, row by row: score a file that holds just those rows.");
        }

        var reader = path == "-" ? Console.In : new StreamReader(path);
        _open.Add(reader);
        var name = path == "-" ? "standard input" : path;
        return new ScoredInput(name, ScoredLines.Read(reader, name));
    }

    public ScoredInput OpenBundle(string folder)
    {
        var scores = BundleScores.Open(folder, infer, progress);
        _open.Add(scores);
        var identity = scores.Bundle.Identity;
        var name = $"{identity.Name} {identity.Version} ({identity.Sha256[..8]}, policy {scores.Bundle.Policy.Version})";
        return new ScoredInput(name, scores.Read(labelled, columns));
    }

    public void Dispose() => _open.ForEach(open => open.Dispose());
}
