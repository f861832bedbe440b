using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ModelTool.Train;

/// <summary>Where a training stands.</summary>
/// <param name="Fingerprint">Of everything that decides the result: configuration, data, starting weights.</param>
/// <param name="Steps">Steps taken.</param>
/// <param name="Epoch">From 0; the epoch of the next step.</param>
/// <param name="Batch">From 0; the batch of the next step in its epoch.</param>
/// <param name="BestF1">Best mean F1 on the development rows so far; null before the first.</param>
/// <param name="SinceBest">Epochs since.</param>
internal sealed record TrainState(string Fingerprint, long Steps = 0, int Epoch = 0, int Batch = 0, double? BestF1 = null, int SinceBest = 0)
{
    /// <summary>Takes up what decides the result; where the output goes and when checkpoints are written does not.</summary>
    public static string FingerprintOf(TrainConfig config, string weightsFile)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var settings = config with { Output = "", Checkpoint = "", CheckpointSteps = 1, Data = config.Data with { Train = [], Dev = [], Teacher = config.Data.Teacher with { Scores = [] } } };
        hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(settings, TrainStateJson.Default.TrainConfig));
        foreach (var file in (string[])[.. config.Data.Train, "", .. config.Data.Dev, "", .. config.Data.Teacher.Scores, weightsFile])
        {
            // Between training, development and teacher's files stands nothing, which counts as well.
            if (file.Length == 0)
            {
                hash.AppendData("dev"u8);
                continue;
            }

            using var stream = File.OpenRead(file);
            hash.AppendData(SHA256.HashData(stream));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(TrainState))]
[JsonSerializable(typeof(TrainConfig))]
internal sealed partial class TrainStateJson : JsonSerializerContext;
