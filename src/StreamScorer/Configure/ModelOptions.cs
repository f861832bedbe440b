using System.ComponentModel.DataAnnotations;

namespace StreamScorer.Configure;

/// <summary>Which model is served.</summary>
internal sealed record ModelOptions
{
    /// <summary>Folder of the model bundle. A relative path is looked for in the working directory, then beside the program. (default: models/minilm-moderation)</summary>
    [Required]
    public string Bundle { get; init; } = "models/minilm-moderation";
}
