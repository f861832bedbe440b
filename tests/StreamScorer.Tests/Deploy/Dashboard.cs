using System.Text.Json;

namespace StreamScorer.Tests.Deploy;

/// <summary>One panel of a dashboard; a row is one too.</summary>
internal sealed record Panel(string Dashboard, JsonElement Json)
{
    public string Name => $"{Dashboard}: '{Title}'";

    public string? Title => Text("title");

    public string? Type => Text("type");

    public string? Unit => Json.TryGetProperty("fieldConfig", out var config) && config.GetProperty("defaults").TryGetProperty("unit", out var unit) ? unit.GetString() : null;

    public string? Description => Text("description");

    public IReadOnlyList<string> Queries => Json.TryGetProperty("targets", out var targets) ? [.. targets.EnumerateArray().Select(target => target.GetProperty("expr").GetString()!)] : [];

    public (int X, int Y, int Width, int Height) Place => (At("x"), At("y"), At("w"), At("h"));

    public bool Overlaps(Panel other)
        => Place.X < other.Place.X + other.Place.Width && other.Place.X < Place.X + Place.Width
            && Place.Y < other.Place.Y + other.Place.Height && other.Place.Y < Place.Y + Place.Height;

    private int At(string name) => Json.GetProperty("gridPos").GetProperty(name).GetInt32();

    private string? Text(string name) => Json.TryGetProperty(name, out var value) ? value.GetString() : null;
}

/// <summary>A file of deploy/grafana/dashboards.</summary>
internal sealed record Dashboard(string Name, JsonElement Json)
{
    public static readonly string Folder = Repository.PathOf("deploy", "grafana");

    public static IReadOnlyList<Dashboard> All { get; } =
        [.. Directory.GetFiles(Path.Combine(Folder, "dashboards"), "*.json").Order(StringComparer.Ordinal).Select(file => new Dashboard(Path.GetFileName(file), JsonDocument.Parse(File.ReadAllText(file)).RootElement))];

    public IReadOnlyList<Panel> Panels => [.. Json.GetProperty("panels").EnumerateArray().Select(panel => new Panel(Name, panel))];

    /// <summary>Everything that is asked of Prometheus, with what Grafana puts in for its variables.</summary>
    public IEnumerable<(string Where, string Query)> Queries()
        => Panels.SelectMany(panel => panel.Queries.Select(query => (panel.Name, Filled(query))))
            .Concat(Json.GetProperty("annotations").GetProperty("list").EnumerateArray().Select(note => ($"{Name}: note '{note.GetProperty("name")}'", Filled(note.GetProperty("expr").GetString()!))))
            .Concat(Json.GetProperty("templating").GetProperty("list").EnumerateArray().Select(variable => ($"{Name}: ${variable.GetProperty("name")}", Labelled(variable.GetProperty("query").GetProperty("query").GetString()!))));

    private static string Filled(string query) => query.Replace("$__rate_interval", "1m", StringComparison.Ordinal).Replace("$job", ".*", StringComparison.Ordinal).Replace("$instance", ".*", StringComparison.Ordinal);

    /// <summary>What <c>label_values(QUERY, LABEL)</c>, which Grafana alone knows, asks for.</summary>
    private static string Labelled(string query)
    {
        Assert.Matches(@"^label_values\(.+, \w+\)$", query);
        return Filled(query["label_values(".Length..query.LastIndexOf(',')]);
    }
}
