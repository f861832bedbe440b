using System.ComponentModel.DataAnnotations;

namespace StreamScorer.Configure;

/// <summary>Which model is served.</summary>
internal sealed record ModelOptions
{
    /// <summary>Folder of the model bundle. A relative path is looked for in the working directory, then beside the program. (default: models/minilm-moderation)</summary>
    [Required]
    public string Bundle { get; init; } = "models/minilm-moderation";

    /// <summary>
    /// How often the bundle's policy.json is looked at. A new one, with a new version, is taken when two looks in a row have seen it; one that is not valid is refused, and the
    /// present one goes on deciding. 0: never, so that only a restart takes it. (default: 00:00:05)
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan PolicyInterval { get; init; } = TimeSpan.FromSeconds(5);
}
